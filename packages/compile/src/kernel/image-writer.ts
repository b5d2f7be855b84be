import { SallyportError } from '@sallyport/policy'

export const IMAGE_MAGIC = 0x53595031
export const EMPTY_SLOT = 0xffffffff
const MAX_PROBES = 8
const HEADER_WORDS = 4

export type LeafWords = {
  readonly verdict: 0 | 1 | 2
  readonly mode: 0 | 1
  /** 3: it allows, by a rule that has a limit. */
  readonly how: 0 | 1 | 2 | 3
  /** No other outcome is possible. */
  readonly sole: boolean
  readonly rank: number
  readonly rule: number
}

/** Growing array of 32-bit words: the one encoding of a diagram, walked in the kernel and in TypeScript. */
export class ImageWriter {
  #words = new Uint32Array(1024)
  #length = 2
  readonly #leaves = new Map<string, number>()
  readonly #maxWords: number

  constructor(maxWords: number) {
    this.#maxWords = maxWords
  }

  /** kind 0: verdict, mode and refusal kind; rank; rule. Leaves that are equal are one, unless their `mark` differs. */
  leaf({ verdict, mode, how, sole, rank, rule }: LeafWords, mark = -1): number {
    const key = `${verdict}.${mode}.${how}.${sole}.${rank}.${mark}`
    const known = this.#leaves.get(key)
    if (known !== undefined) return known
    const offset = this.#append([0, verdict | (mode << 8) | (how << 16) | (sole ? 1 << 24 : 0), rank, rule])
    this.#leaves.set(key, offset)
    return offset
  }

  /** `children` are offsets by class; the most frequent one becomes the default. */
  node(variable: number, children: Uint32Array, unknown: number): number {
    const fallback = mostFrequent(children)
    const exceptions = [...children.entries()].filter(([, child]) => child !== fallback)
    if (exceptions.length * 4 >= children.length || children.length <= 16) {
      return this.#append([(1 << 24) | variable, fallback, unknown, children.length, ...children])
    }
    const slots = hashSlots(exceptions)
    return this.#append([(2 << 24) | variable, fallback, unknown, slots.length / 2 - 1, ...slots])
  }

  finish(root: number): Uint32Array {
    this.#words[0] = IMAGE_MAGIC
    this.#words[1] = root
    return this.#words.slice(0, this.#length)
  }

  #append(words: readonly number[]): number {
    const offset = this.#length
    const needed = offset + words.length
    if (needed > this.#maxWords)
      throw new SallyportError(
        'policy-too-complex',
        `the policy compiles to more than ${this.#maxWords} words of diagram`,
      )
    if (needed > this.#words.length) {
      const grown = new Uint32Array(Math.max(needed, this.#words.length * 2))
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words.set(words, offset)
    this.#length = needed
    return offset
  }
}

function mostFrequent(children: Uint32Array): number {
  const counts = new Map<number, number>()
  for (const child of children) counts.set(child, (counts.get(child) ?? 0) + 1)
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, -1])[0]
}

/** Doubles the table until every class is found within the probes that the kernel is allowed. */
function hashSlots(exceptions: readonly (readonly [number, number])[]): Uint32Array {
  let slots = 16
  while (slots < exceptions.length * 2) slots *= 2
  for (;;) {
    const table = new Uint32Array(slots * 2).fill(EMPTY_SLOT)
    if (exceptions.every(([valueClass, child]) => place(table, slots - 1, valueClass, child))) return table
    slots *= 2
  }
}

function place(table: Uint32Array, mask: number, valueClass: number, child: number): boolean {
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const slot = (slotOf(valueClass, mask) + probe) & mask
    if (table[slot * 2] === EMPTY_SLOT) {
      table[slot * 2] = valueClass
      table[slot * 2 + 1] = child
      return true
    }
  }
  return false
}

function slotOf(valueClass: number, mask: number): number {
  return (Math.imul(valueClass, 2654435761) >>> 7) & mask
}

export { HEADER_WORDS, MAX_PROBES, slotOf }
