import type { Refusal } from '../answers.ts'
import { endSoon } from '../client/client.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import { takeFrom } from '../sockets/take-from.ts'
import { isPlainSocket, quietPair, resumeReading } from './bulk/bulk-handover.ts'
import type { FromBulk } from './bulk/bulk-messages.ts'
import { TunnelWay } from './tunnel-way.ts'

/** A tunnel that has carried so much is handed to the thread; before that the handover costs more than it saves. */
const BULK_OCTETS = 1 << 20

/** Octets both ways until both sides have ended, one is gone, or nothing moves any more. */
export function pipeTunnel(
  core: ProxyCore,
  client: ByteSocket,
  server: ByteSocket,
  toServer: Buffer,
  toClient: Buffer,
  record: OpenRecord,
): Promise<void> {
  core.counters.openTunnels++
  return new Promise((resolve) => {
    const pipe = new TunnelPipe(core, client, server, record, () => {
      core.counters.openTunnels--
      resolve()
    })
    pipe.start(toServer, toClient)
  })
}

export class TunnelPipe {
  readonly #core: ProxyCore
  readonly #client: ByteSocket
  readonly #server: ByteSocket
  readonly #record: OpenRecord
  readonly #whenOver: () => void
  #ended = 0
  #isOver = false
  #octets = 0
  #out: TunnelWay | null = null
  #into: TunnelWay | null = null
  #bulk: 'not-yet' | 'never' | 'asked' | { readonly cut: () => void } = 'not-yet'

  constructor(core: ProxyCore, client: ByteSocket, server: ByteSocket, record: OpenRecord, whenOver: () => void) {
    this.#core = core
    this.#client = client
    this.#server = server
    this.#record = record
    this.#whenOver = whenOver
    const mayMove = core.options.movesBulk === true && isPlainSocket(client) && isPlainSocket(server)
    // What a limit counts is held until there is room for it.
    if (!mayMove || record.allowance !== null) this.#bulk = 'never'
  }

  start(toServer: Buffer, toClient: Buffer): void {
    const [client, server] = [this.#client, this.#server]
    if (toServer.length > 0) server.write(toServer)
    if (toClient.length > 0) client.write(toClient)
    this.#record.addOctets(toServer.length, toClient.length)
    const { allowance } = this.#record
    this.#out = new TunnelWay(this, client, server, allowance && ((count) => allowance.out(count)))
    this.#into = new TunnelWay(this, server, client, allowance && ((count) => allowance.in(count)))
    takeFrom(client, this.#out)
    takeFrom(server, this.#into)
    this.setTimeouts(this.#core.timeouts.tunnelIdleMs)
    this.#begin(client, this.#out)
    this.#begin(server, this.#into)
  }

  #begin(from: ByteSocket, way: TunnelWay): void {
    // An end or a close that came before anybody listened comes no more.
    if (from.destroyed) this.over()
    else if (from.readableEnded) way.onEnd()
    else from.resume()
  }

  /** Octets on their way; false where whoever gets them has enough. */
  pass(way: TunnelWay, octets: Buffer): boolean {
    if (this.#isOver) return true
    if (way === this.#out) this.#record.addOctets(octets.length, 0)
    else this.#record.addOctets(0, octets.length)
    this.#octets += octets.length
    const hasRoom = way.to.write(octets)
    if (this.#bulk === 'not-yet' && this.#octets > BULK_OCTETS && this.#ended === 0) void this.#handOver()
    return hasRoom
  }

  /** There is room again for what comes the other way. */
  drained(by: TunnelWay): void {
    const other = by === this.#out ? this.#into : this.#out
    if (this.#isNodes() && other?.isAsking() === false) other.from.resume()
  }

  ended(way: TunnelWay): void {
    way.to.end()
    if (++this.#ended === 2) return this.over()
    this.setTimeouts(this.#core.timeouts.halfOpenMs)
  }

  #isNodes(): boolean {
    return this.#bulk === 'not-yet' || this.#bulk === 'never'
  }

  async #handOver(): Promise<void> {
    const [client, server] = [this.#client, this.#server]
    this.#bulk = 'asked'
    const pair = await quietPair(client, server)
    const moved =
      pair === null || this.#isOver || client.destroyed || server.destroyed
        ? null
        : (this.#core.bulk?.move(...pair, (said) => this.#moved(said)) ?? null)
    if (moved === null) {
      // Perhaps after as much again.
      this.#bulk = 'not-yet'
      this.#octets = 0
      return resumeReading(client, server)
    }
    this.#core.counters.add('tunnelsBulk')
    this.#bulk = moved
  }

  /** The sockets are still Node's, for their ends and their times; what they carry is not. */
  #moved({ kind, octetsOut, octetsIn, ended }: FromBulk): void {
    this.#record.addOctets(octetsOut, octetsIn)
    if (kind === 'ended') {
      this.#client.destroy()
      this.#server.destroy()
      return this.over()
    }
    const { halfOpenMs, tunnelIdleMs } = this.#core.timeouts
    this.setTimeouts(ended > 0 ? halfOpenMs : tunnelIdleMs)
  }

  setTimeouts(ms: number): void {
    this.#client.setTimeout(ms)
    this.#server.setTimeout(ms)
  }

  /** The octets are lost, so the connection must not look whole. */
  limited(no: Refusal): void {
    if (this.#isOver) return
    this.#record.refused(no)
    this.#client.destroy()
    this.#server.destroy()
    this.over()
  }

  idle(): void {
    this.#core.counters.add('tunnelsIdle')
    this.#client.destroy()
    this.#server.destroy()
    this.over()
  }

  over(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (typeof this.#bulk === 'object') this.#bulk.cut()
    // What is on its way still arrives; a side that is gone takes the other with it.
    endSoon(this.#client)
    endSoon(this.#server)
    this.#whenOver()
  }
}
