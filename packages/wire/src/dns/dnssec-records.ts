import type { WireName } from './name.ts'
import { Reader } from './reader.ts'

/** RFC 4034 §3. */
export type Rrsig = {
  readonly covered: number
  readonly algorithm: number
  readonly labels: number
  readonly originalTtl: number
  /** Seconds since 1970 modulo 2^32, compared by serial number arithmetic (RFC 4034 §3.1.5). */
  readonly expiration: number
  readonly inception: number
  readonly keyTag: number
  readonly signer: WireName
  readonly signature: Uint8Array
}

/** RFC 4034 §2. */
export type Dnskey = {
  readonly flags: number
  readonly protocol: number
  readonly algorithm: number
  readonly key: Uint8Array
  readonly octets: Uint8Array
}

/** RFC 4034 §5. */
export type Ds = {
  readonly keyTag: number
  readonly algorithm: number
  readonly digestType: number
  readonly digest: Uint8Array
}

/** RFC 4034 §4. */
export type Nsec = { readonly next: WireName; readonly types: ReadonlySet<number> }

/** RFC 5155 §3. `next` is a hash. */
export type Nsec3 = {
  readonly algorithm: number
  readonly optOut: boolean
  readonly iterations: number
  readonly salt: Uint8Array
  readonly next: Uint8Array
  readonly types: ReadonlySet<number>
}

export function parseRrsig(octets: Uint8Array): Rrsig | null {
  return whole(octets, (reader) => ({
    covered: reader.u16(),
    algorithm: reader.u8(),
    labels: reader.u8(),
    originalTtl: reader.u32(),
    expiration: reader.u32(),
    inception: reader.u32(),
    keyTag: reader.u16(),
    signer: reader.name(),
    signature: reader.rest(),
  }))
}

export function parseDnskey(octets: Uint8Array): Dnskey | null {
  return whole(octets, (reader) => ({
    flags: reader.u16(),
    protocol: reader.u8(),
    algorithm: reader.u8(),
    key: reader.rest(),
    octets,
  }))
}

export function parseDs(octets: Uint8Array): Ds | null {
  return whole(octets, (reader) => ({
    keyTag: reader.u16(),
    algorithm: reader.u8(),
    digestType: reader.u8(),
    digest: reader.rest(),
  }))
}

export function parseNsec(octets: Uint8Array): Nsec | null {
  return whole(octets, (reader) => ({ next: reader.name(), types: readTypes(reader) }))
}

export function parseNsec3(octets: Uint8Array): Nsec3 | null {
  return whole(octets, (reader) => ({
    algorithm: reader.u8(),
    optOut: (reader.u8() & 1) === 1,
    iterations: reader.u16(),
    salt: reader.take(reader.u8()),
    next: reader.take(reader.u8()),
    types: readTypes(reader),
  }))
}

/** RFC 4034 §4.1.2. */
function readTypes(reader: Reader): ReadonlySet<number> {
  const types = new Set<number>()
  let previous = -1
  while (reader.more()) {
    const window = reader.u8()
    const length = reader.u8()
    if (window <= previous || length === 0 || length > 32) reader.fail('bad-rdata')
    previous = window
    reader.take(length).forEach((octet, at) => {
      for (let bit = 0; bit < 8; bit++) if ((octet & (0x80 >> bit)) !== 0) types.add(window * 256 + at * 8 + bit)
    })
  }
  return types
}

function whole<Item>(octets: Uint8Array, read: (reader: Reader) => Item): Item | null {
  const reader = new Reader(octets)
  const item = read(reader)
  return reader.failure === null && !reader.more() ? item : null
}
