import { meterOctets, type AskRoom, type Metered } from '../allowance/meter-octets.ts'
import type { Refusal } from '../answers.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { OctetTaker } from '../sockets/octet-taker.ts'

type Pipe = {
  /** Whether whoever gets them takes more. */
  pass(way: TunnelWay, octets: Buffer): boolean
  drained(by: TunnelWay): void
  ended(way: TunnelWay): void
  over(): void
  idle(): void
  limited(no: Refusal): void
}

/** One direction of a tunnel; it takes what comes of the side that sends. */
export class TunnelWay implements OctetTaker {
  readonly from: ByteSocket
  readonly to: ByteSocket
  readonly #pipe: Pipe
  /** Where the rule of the tunnel has a limit. */
  readonly #metered: Metered | null

  constructor(pipe: Pipe, from: ByteSocket, to: ByteSocket, ask: AskRoom | null) {
    this.#pipe = pipe
    this.from = from
    this.to = to
    const pass = (octets: Buffer): void => this.#pass(octets)
    this.#metered = ask === null ? null : meterOctets(from, ask, pass, (no) => pipe.limited(no))
  }

  isAsking(): boolean {
    return this.#metered !== null && this.#metered.isAsking()
  }

  onOctets(octets: Buffer): void {
    if (this.#metered === null) this.#pass(octets)
    else this.#metered.take(octets)
  }

  onEnd(): void {
    if (this.#metered === null) this.#pipe.ended(this)
    else this.#metered.whenSettled(() => this.#pipe.ended(this))
  }

  onClose(): void {
    if (this.#metered === null) this.#pipe.over()
    else this.#metered.whenSettled(() => this.#pipe.over())
  }

  onDrain(): void {
    this.#pipe.drained(this)
  }

  onIdle(): void {
    this.#pipe.idle()
  }

  #pass(octets: Buffer): void {
    if (!this.#pipe.pass(this, octets)) this.from.pause()
  }
}
