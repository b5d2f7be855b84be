import { formatAddress, ipv4 } from '@sallyport/net'
import { u32, u8 } from '../identify/octets.ts'
import { found, type Found, type HandshakeCrypto, type Identification } from '../identify/identification.ts'
import type { Direction } from '../identify/recogniser.ts'
import { startIdentification, type Identifier } from '../identify/start-identification.ts'
import type { TransportPacket } from './transport-packet.ts'
import { StreamAssembly } from './stream-assembly.ts'

/** One connection or exchange of datagrams of a capture, the client first. */
export type FlowRow = {
  readonly transport: string
  readonly client: string
  readonly server: string
  readonly startMs: number
  readonly packets: number
  readonly bytes: number
  readonly answer: Exclude<Identification, { state: 'need-more' }>
}

/** Protocols that are known by the number in the IP header alone. */
const BY_NUMBER: Readonly<Record<string, string>> = { esp: 'ipsec', ah: 'ipsec' }

/** Collects what is seen of one flow and identifies it. */
export class CapturedFlow {
  readonly #first: TransportPacket
  readonly #startMs: number
  readonly #clientIsSource: boolean
  readonly #identifier: Identifier | null
  readonly #streams: Readonly<Record<Direction, StreamAssembly>>
  readonly #ciphers: HandshakeCrypto
  #behindStun: Identifier | null = null
  #answer: Found | null = null
  #packets = 0
  #bytes = 0
  #ended = false

  constructor(first: TransportPacket, timeMs: number, ciphers: HandshakeCrypto) {
    this.#first = first
    this.#ciphers = ciphers
    this.#startMs = timeMs
    // The answer to a SYN comes from the server, where the SYN itself is missing.
    this.#clientIsSource = !(first.tcp !== null && first.tcp.syn && first.tcp.ack)
    const { transport } = first
    this.#identifier = transport === 'tcp' || transport === 'udp' ? startIdentification({ transport, ciphers }) : null
    this.#streams = { client: new StreamAssembly(), server: new StreamAssembly() }
    if (this.#identifier === null) {
      this.#answer = found(BY_NUMBER[transport] ?? transport, 0, 1, 'protocol number of the IP header')
    }
  }

  /** Whether a packet begins another connection between the same endpoints. */
  isReusedBy(packet: TransportPacket): boolean {
    return this.#ended && packet.tcp !== null && packet.tcp.syn && !packet.tcp.ack
  }

  add(packet: TransportPacket): void {
    this.#packets++
    this.#bytes += packet.payload.length
    const isFromFirst = packet.sourceKey === this.#first.sourceKey
    const direction: Direction = isFromFirst === this.#clientIsSource ? 'client' : 'server'
    if (packet.tcp !== null && (packet.tcp.fin || packet.tcp.rst)) this.#ended = true
    if (this.#answer?.protocol === 'stun' && packet.transport === 'udp')
      return this.#lookBehindStun(direction, packet.payload)
    if (this.#answer !== null || this.#identifier === null) return
    if (packet.tcp === null) return this.#push(direction, [packet.payload])
    if (packet.tcp.syn) this.#streams[direction].open(packet.tcp.sequence)
    const sequence = packet.tcp.syn ? (packet.tcp.sequence + 1) >>> 0 : packet.tcp.sequence
    this.#push(direction, this.#streams[direction].add(sequence, packet.payload))
  }

  /** STUN opens the path for DTLS (RFC 8827 §6.5): what it was opened for says more. */
  #lookBehindStun(direction: Direction, datagram: Uint8Array): void {
    if (u8(datagram, 0) < 20 || u8(datagram, 0) > 25) return
    this.#behindStun ??= startIdentification({ transport: 'udp', ciphers: this.#ciphers })
    const answer = this.#behindStun.push(direction, datagram)
    if (answer.state === 'identified' && answer.protocol === 'dtls') this.#answer = answer
  }

  finish(): FlowRow {
    if (this.#answer === null) {
      this.#push('client', this.#streams.client.finish())
      this.#push('server', this.#streams.server.finish())
    }
    const behind = this.#answer?.protocol === 'stun' ? this.#behindStun?.finish() : undefined
    if (behind?.state === 'identified' && behind.protocol === 'dtls') this.#answer = behind
    const last = this.#answer ?? this.#identifier?.finish() ?? null
    const { source, destination, transport } = this.#first
    const [from, to] = [endpoint(source, this.#first.sourcePort), endpoint(destination, this.#first.destinationPort)]
    return {
      transport,
      client: this.#clientIsSource ? from : to,
      server: this.#clientIsSource ? to : from,
      startMs: this.#startMs,
      packets: this.#packets,
      bytes: this.#bytes,
      answer: last === null || last.state === 'need-more' ? { state: 'unknown', why: 'no-bytes' } : last,
    }
  }

  #push(direction: Direction, pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      const answer = this.#identifier!.push(direction, piece)
      if (answer.state !== 'identified') continue
      this.#answer = answer
      return
    }
  }
}

function endpoint(bytes: Uint8Array, port: number | null): string {
  // As it was on the wire: what a NAT64 address denotes is no endpoint of this capture.
  const word = (at: number): number => u32(bytes, at)
  const text = formatAddress(bytes.length === 4 ? ipv4(word(0)) : { words: [word(0), word(4), word(8), word(12)] })
  if (port === null) return text
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}
