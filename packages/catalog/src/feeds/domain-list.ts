import { parseDomainName, type DomainName, type DomainPattern } from '@sallyport/net'

const KINDS = ['name', 'below', 'both'] as const
const LONGEST = 253
const DOT = 0x2e
const HYPHEN = 0x2d
const UNDERSCORE = 0x5f

/** Patterns as octets, two more than its name has each: a million cost 20 MB and no objects. They are walked in order. */
export class DomainList implements Iterable<DomainPattern> {
  #octets: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  #used = 0
  length = 0

  add({ kind, name }: DomainPattern): void {
    this.#reserve()
    const at = this.#used + 2
    for (let i = 0; i < name.length; i++) this.#octets[at + i] = name.charCodeAt(i)
    this.#close(kind, name.length)
  }

  /**
   * Adds the name at a place of a text, when it is an ASCII name of two labels or more; `false` leaves everything else to
   * `parseDomainName`, whose answer this never contradicts.
   */
  addText(kind: DomainPattern['kind'], text: string, from: number, to: number): boolean {
    if (to - from > LONGEST || to - from < 3) return false
    this.#reserve()
    const octets = this.#octets
    const at = this.#used + 2
    let label = from
    let dots = 0
    let previous = DOT
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x61 && code <= 0x7a) octets[at + i - from] = code
      else if (code >= 0x41 && code <= 0x5a) octets[at + i - from] = code | 0x20
      else if (code >= 0x30 && code <= 0x39) octets[at + i - from] = code
      else if (code === UNDERSCORE) octets[at + i - from] = code
      else if (code === HYPHEN) {
        if (previous === DOT) return false
        octets[at + i - from] = code
      } else if (code === DOT) {
        if (previous === DOT || previous === HYPHEN || i - label > 63) return false
        octets[at + i - from] = code
        label = i + 1
        dots++
      } else return false
      previous = code
    }
    const first = text.charCodeAt(label)
    const lastIsNumber = first >= 0x30 && first <= 0x39
    if (previous === DOT || previous === HYPHEN || dots === 0 || lastIsNumber || to - label > 63) return false
    this.#close(kind, to - from)
    return true
  }

  *[Symbol.iterator](): Generator<DomainPattern, void, undefined> {
    const octets = Buffer.from(this.#octets.buffer)
    for (let at = 0; at < this.#used; at += octets[at]! + 2) {
      const name = octets.toString('latin1', at + 2, at + 2 + octets[at]!) as DomainName
      yield { kind: KINDS[octets[at + 1]!]!, name }
    }
  }

  /** No more follow: not an octet more is kept than needed. */
  finish(): this {
    this.#octets = this.#octets.slice(0, this.#used)
    return this
  }

  #reserve(): void {
    if (this.#octets.length - this.#used > LONGEST + 2) return
    const more = new Uint8Array(this.#octets.length * 2 + LONGEST)
    more.set(this.#octets.subarray(0, this.#used))
    this.#octets = more
  }

  #close(kind: DomainPattern['kind'], nameLength: number): void {
    this.#octets[this.#used] = nameLength
    this.#octets[this.#used + 1] = KINDS.indexOf(kind)
    this.#used += nameLength + 2
    this.length++
  }
}

/** The name of a text as lists write it: a final dot, capitals and Unicode are allowed. */
export function nameOfText(text: string): DomainName | null {
  return text === '' ? null : parseDomainName(text)
}
