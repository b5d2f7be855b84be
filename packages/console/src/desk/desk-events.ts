import { EventEmitter } from 'node:events'

/** What happened, for whoever looks on: flows were stored, alerts raised, the policy changed, somebody did something. */
export type DeskEvent =
  | { readonly kind: 'stored'; readonly flows: number }
  | { readonly kind: 'alerts'; readonly count: number }
  /** An overview that was kept is over, and lacks something. */
  | { readonly kind: 'overview' }
  | { readonly kind: 'policy' }
  | { readonly kind: 'feeds' }
  | { readonly kind: 'audit' }

const MAX_LISTENERS = 100

export class DeskEvents {
  readonly #emitter = new EventEmitter().setMaxListeners(MAX_LISTENERS)

  emit(event: DeskEvent): void {
    this.#emitter.emit('event', event)
  }

  /** Null when there are too many already. */
  listen(listener: (event: DeskEvent) => void): Disposable | null {
    if (this.#emitter.listenerCount('event') >= MAX_LISTENERS) return null
    this.#emitter.on('event', listener)
    return { [Symbol.dispose]: () => void this.#emitter.off('event', listener) }
  }
}
