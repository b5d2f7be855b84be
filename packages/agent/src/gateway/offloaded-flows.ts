import { RulesOfOthers, type Offload, type StraightCounters } from '@sallyport/kernel'

export type OffloadMode = 'auto' | 'on' | 'off'

export type OffloadStatus = StraightCounters & { readonly isOpen: boolean }

export const NOT_OFFLOADED: OffloadStatus = { isOpen: false, begun: 0, refused: 0, full: 0 }

const LOOK_MS = 2000

/**
 * Flows that pass netfilter by, for as long as that takes nothing from anybody: rules of others would see one packet a second
 * of them, and could neither count nor slow them.
 */
export class OffloadedFlows implements Disposable {
  readonly #offload: Offload
  /** Null where they do not matter. */
  readonly #rules: RulesOfOthers | null
  readonly #onNotice: (text: string) => void
  readonly #looking: NodeJS.Timeout
  #others = ''

  constructor(offload: Offload, mode: 'auto' | 'on', onNotice: (text: string) => void) {
    this.#offload = offload
    this.#rules = mode === 'auto' ? new RulesOfOthers() : null
    this.#onNotice = onNotice
    this.#look()
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  status(): OffloadStatus {
    return { ...this.#offload.counters(), isOpen: this.#offload.isOpen }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking)
    this.#rules?.[Symbol.dispose]()
    this.#offload[Symbol.dispose]()
  }

  #look(): void {
    this.#offload.sweep()
    const others = this.#rules === null ? '' : seenBy(this.#rules)
    this.#offload.isOpen = others === ''
    if (others !== this.#others) this.#onNotice(noticeOf(others))
    this.#others = others
  }
}

function seenBy(rules: RulesOfOthers): string {
  try {
    return rules.list().join(', ')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function noticeOf(others: string): string {
  if (others === '') return 'allowed flows that carry much pass netfilter by: nobody else looks at them any more'
  return `every packet goes through netfilter (--offload lets large flows past it): ${others}`
}
