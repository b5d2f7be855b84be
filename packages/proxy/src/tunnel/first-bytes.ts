import { startIdentification, type Found, type HandshakeCrypto, type Identifier } from '@sallyport/wire'
import { after } from '../sockets/after.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { Deadline } from '../sockets/deadlines.ts'
import type { OctetTaker, Taking } from '../sockets/octet-taker.ts'
import { takeFrom } from '../sockets/take-from.ts'

/** What a tunnel speaks; `held` is what the client has sent and the server has not seen. */
export type FirstBytes =
  | { readonly state: 'known'; readonly found: Found | null; readonly held: Buffer; readonly octetsIn: number }
  | { readonly state: 'ended'; readonly octetsIn: number }

type Sides = { readonly client: ByteSocket; readonly server: ByteSocket }
type Waiting = { readonly silenceMs: number; readonly handshakeMs: number }

const MOST_HELD = 65_536

/**
 * Waits until the client has said what it speaks. Octets of the server go through meanwhile, since some clients wait for
 * them; what they are counts only where the client's own say nothing, because who runs the server may say anything.
 */
export function awaitFirstBytes(
  sides: Sides,
  early: Buffer,
  ciphers: HandshakeCrypto | null,
  waiting: Waiting,
): Promise<FirstBytes> {
  return new Promise((resolve) => new FirstWords(sides, ciphers, waiting, resolve).begin(early))
}

class FirstWords {
  readonly #sides: Sides
  readonly #ciphers: HandshakeCrypto | null
  readonly #handshakeMs: number
  readonly #resolve: (first: FirstBytes) => void
  readonly #alone: Identifier
  readonly #takings: readonly Taking[]
  /** Only where the server speaks: two identifications cost twice as much as one. */
  #both: Identifier | null = null
  #held: Buffer[] = []
  #heldOctets = 0
  #octetsIn = 0
  #deadline: Deadline
  #isOver = false

  constructor(
    sides: Sides,
    ciphers: HandshakeCrypto | null,
    { silenceMs, handshakeMs }: Waiting,
    resolve: (first: FirstBytes) => void,
  ) {
    const { client, server } = sides
    this.#sides = sides
    this.#ciphers = ciphers
    this.#handshakeMs = handshakeMs
    this.#resolve = resolve
    this.#alone = startIdentification({ transport: 'tcp', ciphers })
    this.#takings = [takeFrom(client, new ClientWords(this)), takeFrom(server, new ServerWords(this))]
    this.#deadline = after(silenceMs, client, { onDue: () => this.gone() })
  }

  begin(early: Buffer): void {
    const { client, server } = this.#sides
    if (early.length > 0) this.fromClient(early)
    else if (client.readableEnded) this.clientEnded()
    if (this.#isOver) return
    client.resume()
    server.resume()
  }

  fromClient(octets: Buffer): void {
    const isFirst = this.#heldOctets === 0
    this.#held.push(octets)
    this.#heldOctets += octets.length
    const answer = this.#alone.push('client', octets)
    this.#both?.push('client', octets)
    if (answer.state === 'identified') return this.#known(answer)
    if (answer.state === 'unknown') return this.#known(this.#lastFound())
    if (this.#heldOctets > MOST_HELD) this.#sides.client.pause()
    if (!isFirst) return
    this.#deadline.cancel()
    this.#deadline = after(this.#handshakeMs, this.#sides.client, { onDue: () => this.#known(this.#lastFound()) })
  }

  fromServer(octets: Buffer): void {
    this.#octetsIn += octets.length
    this.#both ??= withClientOctets(this.#held, this.#ciphers)
    this.#both.push('server', octets)
    const { client, server } = this.#sides
    if (!client.write(octets)) server.pause()
  }

  drained(): void {
    this.#sides.server.resume()
  }

  /** A client that says all it has and ends is as good as one that waits. */
  clientEnded(): void {
    if (this.#heldOctets > 0) this.#known(this.#lastFound())
    else this.gone()
  }

  gone(): void {
    this.#finish({ state: 'ended', octetsIn: this.#octetsIn })
  }

  #known(found: Found | null): void {
    const held = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    this.#finish({ state: 'known', found, held, octetsIn: this.#octetsIn })
  }

  #lastFound(): Found | null {
    const own = this.#alone.finish()
    const joint = own.state === 'identified' || this.#both === null ? own : this.#both.finish()
    return joint.state === 'identified' ? joint : null
  }

  #finish(first: FirstBytes): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#deadline.cancel()
    this.#sides.client.pause()
    this.#sides.server.pause()
    for (const taking of this.#takings) taking.leave()
    this.#resolve(first)
  }
}

class ClientWords implements OctetTaker {
  readonly #to: FirstWords

  constructor(to: FirstWords) {
    this.#to = to
  }

  onOctets(octets: Buffer): void {
    this.#to.fromClient(octets)
  }

  onEnd(): void {
    this.#to.clientEnded()
  }

  onClose(): void {
    this.#to.gone()
  }

  onDrain(): void {
    this.#to.drained()
  }

  onIdle(): void {}
}

class ServerWords implements OctetTaker {
  readonly #to: FirstWords

  constructor(to: FirstWords) {
    this.#to = to
  }

  onOctets(octets: Buffer): void {
    this.#to.fromServer(octets)
  }

  onEnd(): void {
    this.#to.gone()
  }

  onClose(): void {
    this.#to.gone()
  }

  onDrain(): void {}

  onIdle(): void {}
}

function withClientOctets(held: readonly Buffer[], ciphers: HandshakeCrypto | null): Identifier {
  const identifier = startIdentification({ transport: 'tcp', ciphers })
  for (const octets of held) identifier.push('client', octets)
  return identifier
}
