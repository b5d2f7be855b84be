import { parseDomainName, type DomainName, type DomainPattern } from '@sallyport/net'
import { PACKED_KINDS } from '@sallyport/policy'
import { walkPacked } from './walk-packed.ts'

const LONGEST = 253
const DOT = 0x2e
const HYPHEN = 0x2d

/** What may stand in a name, in lower case; 0 for everything else. */
const NAME_OCTETS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase()
  return /[a-z0-9_.-]/.test(character) ? character.charCodeAt(0) : 0
})

/** Patterns as octets, two more than its name has each: a million cost 20 MB and no objects. They are walked in order. */
export class DomainList implements Iterable<DomainPattern> {
  #octets: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  #used = 0
  length = 0

  /** The list that `packed` gave the octets of. */
  static of(octets: Uint8Array<ArrayBuffer>, length: number): DomainList {
    const list = new DomainList()
    list.#octets = octets
    list.#used = octets.length
    list.length = length
    return list
  }

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
      const octet = code < 128 ? NAME_OCTETS[code]! : 0
      if (octet === 0) return false
      if (octet === DOT) {
        if (previous === DOT || previous === HYPHEN || i - label > 63) return false
        label = i + 1
        dots++
      } else if (octet === HYPHEN && previous === DOT) return false
      octets[at + i - from] = octet
      previous = octet
    }
    const first = text.charCodeAt(label)
    const lastIsNumber = first >= 0x30 && first <= 0x39
    if (previous === DOT || previous === HYPHEN || dots === 0 || lastIsNumber || to - label > 63) return false
    this.#close(kind, to - from)
    return true
  }

  [Symbol.iterator](): Generator<DomainPattern, void, undefined> {
    return walkPacked(this.packed())
  }

  packed(): Uint8Array {
    return this.#octets.subarray(0, this.#used)
  }

  /** No more follow: not an octet more is kept than needed. */
  finish(): this {
    if (this.#octets.length > this.#used) this.#octets = this.#octets.slice(0, this.#used)
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
    this.#octets[this.#used + 1] = PACKED_KINDS.indexOf(kind)
    this.#used += nameLength + 2
    this.length++
  }
}

/** The name of a text as lists write it: a final dot, capitals and Unicode are allowed. */
export function nameOfText(text: string): DomainName | null {
  return text === '' ? null : parseDomainName(text)
}
