import { canonicalName, compareNames, parseNsec, sameName, TYPE, type Nsec, type WireName } from '@sallyport/wire'
import { NOTHING, type Denial } from './denial.ts'
import { commonLabels, isAtOrBelow, isBelow, tail } from './name-tree.ts'
import type { RecordSet } from './record-set.ts'

type Link = { readonly owner: WireName; readonly nsec: Nsec }

/** RFC 4035 §5.4. */
export function nsecDenial(sets: readonly RecordSet[], asked: WireName, type: number): Denial {
  const name = canonicalName(asked)
  const links = sets.flatMap(linksOf)
  const own = links.find(({ owner }) => sameName(owner, name))
  if (own !== undefined) return lacks(own.nsec, type)
  const over = links.find((link) => covers(link, name))
  if (over === undefined) return NOTHING
  const next = canonicalName(over.nsec.next)
  // An empty non-terminal: names below it exist (RFC 4035 §3.1.3.2).
  if (isBelow(next, name)) return { proves: 'no-type', delegation: false }
  // RFC 6840 §4.1: what lies below a delegation or an alias is not for this zone to deny.
  if (isBelow(name, over.owner) && leadsAway(over.nsec)) return NOTHING
  const encloser = tail(name, Math.max(commonLabels(name, over.owner), commonLabels(name, next)))
  const wildcard = { labels: ['*', ...encloser.labels] }
  const star = links.find(({ owner }) => sameName(owner, wildcard))
  if (star !== undefined) return lacks(star.nsec, type)
  return links.some((link) => covers(link, wildcard)) ? { proves: 'no-name' } : NOTHING
}

/** Whether no name between `encloser` and `name` exists: then a wildcard may have answered (RFC 4035 §5.3.4). */
export function nsecCoversName(sets: readonly RecordSet[], name: WireName): boolean {
  return sets.flatMap(linksOf).some((link) => covers(link, canonicalName(name)))
}

function linksOf(set: RecordSet): Link[] {
  if (set.type !== TYPE.NSEC) return []
  return set.records.flatMap(({ data }) => {
    const nsec = data.kind === 'raw' ? parseNsec(data.octets) : null
    return nsec === null ? [] : [{ owner: canonicalName(set.name), nsec }]
  })
}

function covers({ owner, nsec }: Link, name: WireName): boolean {
  const next = canonicalName(nsec.next)
  const after = compareNames(name, owner) > 0
  // The last one leads back to the zone itself.
  return compareNames(owner, next) < 0 ? after && compareNames(name, next) < 0 : after && isAtOrBelow(name, next)
}

function lacks({ types }: Nsec, type: number): Denial {
  if (types.has(type) || types.has(TYPE.CNAME)) return NOTHING
  const delegation = types.has(TYPE.NS) && !types.has(TYPE.SOA)
  // RFC 6840 §4.4: the parent's side of a delegation says nothing but DS; the child's says nothing about DS.
  if (type === TYPE.DS ? types.has(TYPE.SOA) : delegation) return NOTHING
  return { proves: 'no-type', delegation }
}

function leadsAway({ types }: Nsec): boolean {
  return types.has(TYPE.DNAME) || (types.has(TYPE.NS) && !types.has(TYPE.SOA))
}
