/** One that waits for something to happen, and those who make it happen. */
export class Wait {
  #wake: (() => void) | null = null

  /** Whoever waits goes on. */
  wake(): void {
    this.#wake?.()
  }

  /** True when nothing happened for so long. */
  isLate(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (isLate: boolean): void => {
        clearTimeout(timer)
        this.#wake = null
        resolve(isLate)
      }
      const timer = setTimeout(done, timeoutMs, true)
      this.#wake = () => done(false)
    })
  }
}
