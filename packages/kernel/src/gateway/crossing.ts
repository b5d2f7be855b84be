import { readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { update, word } from '../bpf-map.ts'
import { networkInterface } from './network-interface.ts'
import { isOwn, OWN, rememberOwn } from './own.ts'
import { attachTraffic, detachTraffic, hasTraffic } from './traffic-control.ts'

type Options = {
  readonly lan: number
  readonly wan: string
  /** Of the gateway. */
  readonly pins: string
  readonly programs: Readonly<Record<'answers' | 'left', number>>
  /** The map of bpf/straight.h. */
  readonly crossings: number
}

const WAN = 'wan-'
const QDISC = 'wan-qdisc-'

/** The programs on the other interface, by which allowed flows may go past netfilter. Closed, they let everything go its way. */
export class Crossing implements Disposable {
  readonly #options: Options
  readonly #wan: number

  constructor(options: Options) {
    const { lan, wan, pins, programs } = options
    this.#options = options
    this.#wan = networkInterface(wan).index
    rememberOwn(pins, `${WAN}${this.#wan}`)
    // Gateways of several networks may share the interface: the number of its network tells one's programs from another's.
    const made = [
      attachTraffic(this.#wan, 'ingress', programs.answers, lan),
      attachTraffic(this.#wan, 'egress', programs.left, lan),
    ]
    if (made.includes(true)) rememberOwn(pins, `${QDISC}${this.#wan}`)
  }

  set isOpen(isOpen: boolean) {
    const { crossings, lan } = this.#options
    if (isOpen) update(crossings, word(0), new Uint8Array(Uint32Array.of(lan, this.#wan).buffer))
    else closeCrossing(crossings)
  }

  [Symbol.dispose](): void {
    this.isOpen = false
    removeCrossings(this.#options.lan, this.#options.pins)
  }
}

export function closeCrossing(crossings: number): void {
  update(crossings, word(0), new Uint8Array(8))
}

/** Detaches what a gateway, this one or one before it, has put on other interfaces. */
export function removeCrossings(lan: number, pins: string): void {
  for (const index of crossed(pins)) {
    detachTraffic(index, false, lan)
    if (isOwn(pins, `${QDISC}${index}`) && !hasTraffic(index)) detachTraffic(index, true, lan)
    for (const name of [`${WAN}${index}`, `${QDISC}${index}`])
      if (isOwn(pins, name)) rmdirSync(join(pins, `${OWN}${name}`))
  }
}

function crossed(pins: string): readonly number[] {
  const names = readdirSync(pins).filter((name) => name.startsWith(`${OWN}${WAN}`))
  return [...new Set(names.map((name) => Number(name.split('-').at(-1))))]
}
