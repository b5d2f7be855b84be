import { createHash } from 'node:crypto'
import {
  canonicalName,
  compareOctets,
  nameOctets,
  parseNsec3,
  sameName,
  TYPE,
  type Nsec3,
  type WireName,
} from '@sallyport/wire'
import { NOTHING, type Denial } from './denial.ts'
import { isAtOrBelow, tail } from './name-tree.ts'
import type { RecordSet } from './record-set.ts'
import type { WorkBound } from './work-bound.ts'

type Link = { readonly hash: Uint8Array; readonly nsec3: Nsec3 }

const SHA1 = 1
/** RFC 9276 §3.2: zones that ask for more count as unsigned. */
const MOST_ITERATIONS = 150

/** RFC 5155 §8. */
export function nsec3Denial(
  sets: readonly RecordSet[],
  zone: WireName,
  asked: WireName,
  type: number,
  work: WorkBound,
): Denial {
  const chain = chainOf(sets, zone, work)
  if (chain === null) return NOTHING
  if (chain === 'too-much') return { proves: 'unsigned' }
  const name = canonicalName(asked)
  const own = chain.matching(name)
  if (own !== null) return lacks(own, type)
  const encloser = closestEncloser(chain, name, zone)
  if (encloser === null) return NOTHING
  const next = chain.covering(tail(name, encloser.labels.length + 1))
  if (next === null) return NOTHING
  if (next.optOut) return { proves: 'unsigned' }
  const wildcard = { labels: ['*', ...encloser.labels] }
  const star = chain.matching(wildcard)
  if (star !== null) return lacks(star, type)
  return chain.covering(wildcard) === null ? NOTHING : { proves: 'no-name' }
}

/** Whether the name right below `encloser` is denied, so that a wildcard may have answered (RFC 5155 §8.8). */
export function nsec3CoversName(sets: readonly RecordSet[], zone: WireName, name: WireName, work: WorkBound): boolean {
  const chain = chainOf(sets, zone, work)
  return chain !== null && chain !== 'too-much' && chain.covering(canonicalName(name)) !== null
}

type Chain = {
  readonly matching: (name: WireName) => Nsec3 | null
  readonly covering: (name: WireName) => Nsec3 | null
}

function chainOf(sets: readonly RecordSet[], zone: WireName, work: WorkBound): Chain | 'too-much' | null {
  const links = sets.flatMap((set) => linksOf(set, zone))
  const [first] = links
  if (first === undefined) return null
  const { salt, iterations } = first.nsec3
  if (iterations > MOST_ITERATIONS) return 'too-much'
  const hashes = new Map<string, Uint8Array | null>()
  const hashOf = (name: WireName): Uint8Array | null => {
    const key = name.labels.join('\0')
    const known = hashes.get(key)
    if (known !== undefined) return known
    const hash = work.hashes(iterations + 1) ? nsec3Hash(name, salt, iterations) : null
    hashes.set(key, hash)
    return hash
  }
  // RFC 5155 §8.2: records with other parameters belong to another chain.
  const same = links.filter(({ nsec3 }) => nsec3.iterations === iterations && compareOctets(nsec3.salt, salt) === 0)
  const find = (name: WireName, fits: (link: Link, hash: Uint8Array) => boolean): Nsec3 | null => {
    const hash = hashOf(name)
    return hash === null ? null : (same.find((link) => fits(link, hash))?.nsec3 ?? null)
  }
  return {
    matching: (name) => find(name, (link, hash) => compareOctets(link.hash, hash) === 0),
    covering: (name) => find(name, ({ hash: from, nsec3: { next } }, hash) => isBetween(from, hash, next)),
  }
}

/** The longest ancestor that exists. */
function closestEncloser(chain: Chain, name: WireName, zone: WireName): WireName | null {
  for (let count = name.labels.length - 1; count >= zone.labels.length; count--) {
    const ancestor = tail(name, count)
    const own = chain.matching(ancestor)
    if (own === null) continue
    // RFC 5155 §8.3: below a delegation or an alias, this zone has no say.
    const leadsAway = own.types.has(TYPE.DNAME) || (own.types.has(TYPE.NS) && !own.types.has(TYPE.SOA))
    return leadsAway ? null : ancestor
  }
  return null
}

function lacks({ types }: Nsec3, type: number): Denial {
  if (types.has(type) || types.has(TYPE.CNAME)) return NOTHING
  const delegation = types.has(TYPE.NS) && !types.has(TYPE.SOA)
  if (type === TYPE.DS ? types.has(TYPE.SOA) : delegation) return NOTHING
  return { proves: 'no-type', delegation }
}

function isBetween(from: Uint8Array, hash: Uint8Array, next: Uint8Array): boolean {
  const after = compareOctets(hash, from) > 0
  const before = compareOctets(hash, next) < 0
  return compareOctets(from, next) < 0 ? after && before : after || before
}

function linksOf(set: RecordSet, zone: WireName): Link[] {
  if (set.type !== TYPE.NSEC3 || set.name.labels.length !== zone.labels.length + 1) return []
  if (!isAtOrBelow(set.name, zone) || sameName(set.name, zone)) return []
  const hash = base32(set.name.labels[0]!)
  return set.records.flatMap(({ data }) => {
    const nsec3 = data.kind === 'raw' ? parseNsec3(data.octets) : null
    return nsec3 === null || hash === null || nsec3.algorithm !== SHA1 ? [] : [{ hash, nsec3 }]
  })
}

/** RFC 5155 §5. */
function nsec3Hash(name: WireName, salt: Uint8Array, iterations: number): Uint8Array {
  let hash: Uint8Array = nameOctets(name)
  for (let round = 0; round <= iterations; round++) hash = createHash('sha1').update(hash).update(salt).digest()
  return hash
}

/** base32hex without padding (RFC 5155 §1.3); `null` for anything else. */
function base32(text: string): Uint8Array | null {
  const octets = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of text.toLowerCase()) {
    const value = '0123456789abcdefghijklmnopqrstuv'.indexOf(letter)
    if (value < 0) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    octets[at++] = held >>> bits
  }
  return octets
}
