import {
  parseDs,
  parseDnskey,
  presentName,
  typeNumber,
  TYPE,
  wireName,
  type Dnskey,
  type Ds,
  type WireName,
} from '@sallyport/wire'

/** A zone whose keys are known beforehand. */
export type TrustAnchor = { readonly zone: WireName; readonly ds: readonly Ds[]; readonly keys: readonly Dnskey[] }

/** What unbound writes behind each key of a file that it keeps up to date. */
const STATE = /;;state=(\d)/
/** VALID and MISSING (RFC 5011 §4.3): a key that is pending or revoked is in the file, and vouches for nothing. */
const TRUSTED_STATES: ReadonlySet<string> = new Set(['2', '3'])
/** RFC 5011 §7. */
const REVOKED = 0x80

/** The keys of the root, KSK-2017 and KSK-2024 (https://data.iana.org/root-anchors/root-anchors.xml). */
const ROOT = `
. DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
`

export const ROOT_ANCHORS: readonly TrustAnchor[] = parseTrustAnchors(ROOT) as readonly TrustAnchor[]

type InvalidAnchor = { readonly line: number; readonly problem: string }

/** DS and DNSKEY records as zone files have them, one on a line; a `;` begins a comment. */
export function parseTrustAnchors(text: string): readonly TrustAnchor[] | InvalidAnchor {
  const anchors = new Map<string, { zone: WireName; ds: Ds[]; keys: Dnskey[] }>()
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.replace(/;.*$/, '').trim()
    if (line === '' || !TRUSTED_STATES.has(STATE.exec(raw)?.[1] ?? '2')) continue
    const match = /^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?(DS|DNSKEY)\s+(\d+)\s+(\d+)\s+(\d+)\s+(.+)$/i.exec(line)
    const zone = match === null ? null : wireName(match[1]!)
    if (match === null || zone === null) return { line: at + 1, problem: 'this is no DS or DNSKEY record' }
    const [, , type, first, second, third, rest] = match
    const numbers = [Number(first), Number(second), Number(third)]
    if (numbers[0]! > 65535 || numbers[1]! > 255 || numbers[2]! > 255) {
      return { line: at + 1, problem: 'a number is too large' }
    }
    const isDs = typeNumber(type!) === TYPE.DS
    const value = Buffer.from(rest!.replaceAll(/\s/g, ''), isDs ? 'hex' : 'base64')
    const octets = Uint8Array.of(numbers[0]! >>> 8, numbers[0]!, numbers[1]!, numbers[2]!, ...value)
    const anchor = anchors.get(presentName(zone)) ?? { zone, ds: [], keys: [] }
    const ds = isDs ? parseDs(octets) : null
    const key = isDs ? null : parseDnskey(octets)
    if (ds !== null) anchor.ds.push(ds)
    if (key !== null && (numbers[0]! & REVOKED) === 0) anchor.keys.push(key)
    anchors.set(presentName(zone), anchor)
  }
  return [...anchors.values()]
}
