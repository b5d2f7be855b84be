import type { Enforcement, KernelEvent } from '@sallyport/kernel'

const TCP = 6

/** The kernel lets nothing more through of a connection that ran into a limit; this tells its ends that it is over. */
export class LimitCloser implements Disposable {
  readonly #enforcement: Pick<Enforcement, 'closeDenied'>
  #waiting: NodeJS.Immediate | null = null

  constructor(enforcement: Pick<Enforcement, 'closeDenied'>) {
    this.#enforcement = enforcement
  }

  /** Connections of the same moment end together. */
  receive({ limit, mode, ipproto }: KernelEvent): void {
    if (limit === null || mode !== 'enforce' || ipproto !== TCP) return
    this.#waiting ??= setImmediate(() => {
      this.#waiting = null
      this.#enforcement.closeDenied()
    })
  }

  [Symbol.dispose](): void {
    if (this.#waiting !== null) clearImmediate(this.#waiting)
    this.#waiting = null
  }
}
