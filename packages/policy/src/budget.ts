/** A span is counted in so many slices, one of which is running; the others cover the whole span. */
const SLICES = 64

/**
 * What all flows together may use of one limit of a rule. What a slice saw is given back when the whole span behind it is over: no
 * span, wherever it begins, has more than the amount. Without a span nothing is ever given back.
 */
export class Budget {
  readonly #amount: number
  readonly #sliceMs: number | null
  readonly #spent = new Float64Array(SLICES)
  #used = 0
  #last = 0
  #isFull = false

  constructor(amount: number, perSeconds: number | null) {
    this.#amount = amount
    this.#sliceMs = perSeconds === null ? null : (perSeconds * 1000) / (SLICES - 1)
  }

  /** Whether so much fits, which is then used; for nothing, whether anything is left. All of it fits, or none. */
  spend(cost: number, nowMs: number): boolean {
    this.#giveBack(nowMs)
    const fits = !this.#isFull && (cost === 0 ? this.#used < this.#amount : this.#used + cost <= this.#amount)
    if (fits) {
      this.#used += cost
      this.#spent[this.#last % SLICES]! += cost
    }
    // What is smaller than what found no room shall not slip through behind it.
    else if (cost > 0) this.#isFull = true
    return fits
  }

  #giveBack(nowMs: number): void {
    if (this.#sliceMs === null) return
    const slice = Math.floor(nowMs / this.#sliceMs)
    this.#last = Math.max(this.#last, slice - SLICES)
    while (this.#last < slice) {
      const at = ++this.#last % SLICES
      if (this.#spent[at]! > 0) this.#isFull = false
      this.#used -= this.#spent[at]!
      this.#spent[at] = 0
    }
  }
}
