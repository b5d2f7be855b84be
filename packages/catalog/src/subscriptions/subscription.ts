import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { FeedSource, Policy } from '@sallyport/policy'

/** A feed of a policy: what it is called and where it comes from. */
export type Subscription = {
  readonly name: string
  readonly source: FeedSource
  /** What its copy is kept under: another source of the same name never gets this one's copy. */
  readonly key: string
  readonly refreshSeconds: number
}

const DAY_SECONDS = 86_400
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: DAY_SECONDS }

/** The feeds of all layers; of two with one name, that of the later layer. Paths are relative to the policy's file. */
export function subscriptionsOf({ layers }: Policy): readonly Subscription[] {
  const all = layers.flatMap(({ feeds, file }) =>
    Object.entries(feeds ?? {}).map(([name, source]) =>
      subscription(name, source.file === undefined ? source : { ...source, file: resolve(dirname(file), source.file) }),
    ),
  )
  return [...new Map(all.map((each) => [each.name, each])).values()]
}

export function subscription(name: string, source: FeedSource): Subscription {
  const { url, file, format, column, kind, sha256, minisign } = source
  const identity = JSON.stringify([url, file, format, column, kind, sha256?.toLowerCase(), minisign])
  const key = `${name}-${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`
  return { name, source, key, refreshSeconds: secondsOf(source.refresh) }
}

function secondsOf(refresh: string | undefined): number {
  const [, amount, unit] = /^(\d+)(s|min|h|d)$/.exec(refresh ?? '') ?? []
  return amount === undefined ? DAY_SECONDS : Number(amount) * UNIT_SECONDS[unit!]!
}
