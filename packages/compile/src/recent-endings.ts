import type { Verdict } from '@sallyport/policy'

/** A power of two; a slot is taken over by whoever comes last. */
const SLOTS = 32_768

/** Verdicts by the node before the names and the set of names that decided from there. */
export class RecentEndings {
  readonly #nodes = new Int32Array(SLOTS).fill(-1)
  readonly #sets = new Int32Array(SLOTS)
  readonly #verdicts: (Verdict | null)[] = Array.from({ length: SLOTS }, () => null)

  get(node: number, setId: number): Verdict | null {
    const slot = slotOf(node, setId)
    return this.#nodes[slot] === node && this.#sets[slot] === setId ? this.#verdicts[slot]! : null
  }

  set(node: number, setId: number, verdict: Verdict): void {
    const slot = slotOf(node, setId)
    this.#nodes[slot] = node
    this.#sets[slot] = setId
    this.#verdicts[slot] = verdict
  }
}

function slotOf(node: number, setId: number): number {
  return (Math.imul(node, 0x9e3779b1) ^ Math.imul(setId, 0x85ebca6b)) >>> 17
}
