import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { DomainName } from '@sallyport/net'
import { getDomain } from 'tldts'

/** About as many as a large office asks for in months; 10 octets each in the file. */
const MOST_DOMAINS = 262_144
const MAGIC = Buffer.from('SPSEEN1\n')
const KEY_OCTETS = 32
const DIGEST_OCTETS = 32
const HEAD_OCTETS = MAGIC.length + KEY_OCTETS + 4
const HASH_OCTETS = 6
const ENTRY_OCTETS = HASH_OCTETS + 4
const MINUTE_MS = 60_000
/** Seen while it was learned what is usual: never new. */
const ALWAYS = 0

/**
 * Registrable domains that were asked for, with the time of the first look-up. For as long as a domain counts as new after that
 * time, all domains were new at first; so what is seen in the first such while is learned as known.
 */
export class SeenDomains {
  /** Whether something has changed since `encode`. */
  isDirty = true
  /** Domains that made room for others; they are new again when they come back. */
  forgotten = 0
  readonly #key: Uint8Array
  readonly #since: number
  readonly #most: number
  /** Hash → minutes since 1970; the first key is the one asked for longest ago. */
  readonly #seen: Map<number, number>

  private constructor(key: Uint8Array, since: number, seen: Map<number, number>, most: number) {
    this.#key = key
    this.#since = since
    this.#seen = seen
    this.#most = most
  }

  static begin(nowMs: number, most: number = MOST_DOMAINS): SeenDomains {
    // With a key that nobody knows, no name can be made up that is taken for a known one.
    return new SeenDomains(randomBytes(KEY_OCTETS), minutes(nowMs), new Map(), most)
  }

  /** `null`: not what `encode` gave, or not all of it. */
  static decode(octets: Uint8Array): SeenDomains | null {
    const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
    const end = bytes.length - DIGEST_OCTETS
    if (end < HEAD_OCTETS || (end - HEAD_OCTETS) % ENTRY_OCTETS !== 0) return null
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null
    if (!digest(bytes.subarray(0, end)).equals(bytes.subarray(end))) return null
    const seen = new Map<number, number>()
    for (let at = HEAD_OCTETS; at < end; at += ENTRY_OCTETS) {
      seen.set(bytes.readUIntBE(at, HASH_OCTETS), bytes.readUInt32BE(at + HASH_OCTETS))
    }
    const key = Uint8Array.from(bytes.subarray(MAGIC.length, MAGIC.length + KEY_OCTETS))
    const found = new SeenDomains(key, bytes.readUInt32BE(HEAD_OCTETS - 4), seen, MOST_DOMAINS)
    found.isDirty = false
    return found
  }

  encode(): Uint8Array {
    const bytes = Buffer.alloc(HEAD_OCTETS + this.#seen.size * ENTRY_OCTETS)
    MAGIC.copy(bytes)
    bytes.set(this.#key, MAGIC.length)
    bytes.writeUInt32BE(this.#since, HEAD_OCTETS - 4)
    let at = HEAD_OCTETS
    for (const [hash, first] of this.#seen) {
      bytes.writeUIntBE(hash, at, HASH_OCTETS)
      bytes.writeUInt32BE(first, at + HASH_OCTETS)
      at += ENTRY_OCTETS
    }
    this.isDirty = false
    return Buffer.concat([bytes, digest(bytes)])
  }

  get size(): number {
    return this.#seen.size
  }

  /** When domains begin to count as new. */
  learningUntilMs(newForMs: number): number {
    return this.#since * MINUTE_MS + newForMs
  }

  /** Whether the domain of the name was seen for the first time less than `newForMs` ago; notes that it is seen now. */
  isNew(name: DomainName, newForMs: number, nowMs: number): boolean {
    const domain = getDomain(name, { allowPrivateDomains: true, extractHostname: false, validateHostname: false })
    if (domain === null) return false
    const hash = createHmac('sha256', this.#key).update(domain).digest().readUIntBE(0, HASH_OCTETS)
    const isLearning = nowMs < this.learningUntilMs(newForMs)
    const first = this.#seen.get(hash) ?? (isLearning ? ALWAYS : minutes(nowMs))
    this.#seen.delete(hash)
    if (this.#seen.size >= this.#most) {
      this.#seen.delete(this.#seen.keys().next().value!)
      this.forgotten++
    }
    this.#seen.set(hash, first)
    this.isDirty = true
    return first !== ALWAYS && nowMs - first * MINUTE_MS < newForMs
  }
}

function minutes(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS)
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
