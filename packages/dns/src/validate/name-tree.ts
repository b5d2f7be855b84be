import { sameName, type WireName } from '@sallyport/wire'

export function isBelow(name: WireName, ancestor: WireName): boolean {
  return name.labels.length > ancestor.labels.length && isAtOrBelow(name, ancestor)
}

export function isAtOrBelow(name: WireName, ancestor: WireName): boolean {
  const cut = name.labels.length - ancestor.labels.length
  return cut >= 0 && sameName({ labels: name.labels.slice(cut) }, ancestor)
}

/** The last `count` labels. */
export function tail(name: WireName, count: number): WireName {
  return { labels: count === 0 ? [] : name.labels.slice(-count) }
}

/** How many labels from the right two names have in common. */
export function commonLabels(a: WireName, b: WireName): number {
  let count = 0
  const most = Math.min(a.labels.length, b.labels.length)
  while (count < most && sameName(tail(a, count + 1), tail(b, count + 1))) count++
  return count
}
