import { Crossing } from './crossing.ts'
import type { ForwardedEvent } from './forwarded-event.ts'
import { StraightFlows, type StraightCounters } from './straight-flows.ts'

/** Allowed flows past netfilter. Closed until `isOpen` says otherwise. */
export type Offload = Disposable & {
  isOpen: boolean
  consider(event: ForwardedEvent): void
  /** To be called every few seconds. */
  sweep(): void
  counters(): StraightCounters
}

type Options = {
  /** Of the interface of the guarded network. */
  readonly lan: number
  readonly wan: string
  readonly pins: string
  readonly programs: Readonly<Record<'answers' | 'left', number>>
  readonly maps: Readonly<Record<'straights' | 'aliases' | 'crossings', number>>
}

export function openOffload({ lan, wan, pins, programs, maps }: Options): Offload {
  using opened = new DisposableStack()
  const flows = opened.use(new StraightFlows(maps))
  const crossing = opened.use(new Crossing({ lan, wan, pins, programs, crossings: maps.crossings }))
  const scope = opened.move()
  let isOpen = false
  return {
    get isOpen() {
      return isOpen
    },
    set isOpen(opens) {
      if (opens !== isOpen) crossing.isOpen = opens
      isOpen = opens
    },
    consider: (event) => {
      if (isOpen) flows.consider(event)
    },
    sweep: () => flows.sweep(),
    counters: () => flows.counters(),
    [Symbol.dispose]: () => scope.dispose(),
  }
}
