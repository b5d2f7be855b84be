import { startIdentification, type Found, type HandshakeCrypto, type Identifier } from '@sallyport/wire'
import { after } from '../sockets/after.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'

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
  { client, server }: Sides,
  early: Buffer,
  ciphers: HandshakeCrypto | null,
  { silenceMs, handshakeMs }: Waiting,
): Promise<FirstBytes> {
  return new Promise((resolve) => {
    const alone = startIdentification({ transport: 'tcp', ciphers })
    // Only where the server speaks: two identifications cost twice as much as one.
    let both: Identifier | null = null
    const held: Buffer[] = []
    let heldOctets = 0
    let octetsIn = 0
    let deadline = after(silenceMs, client, () => finish({ state: 'ended', octetsIn }))
    const known = (found: Found | null): void =>
      finish({ state: 'known', found, held: held.length === 1 ? held[0]! : Buffer.concat(held), octetsIn })
    const fromClient = (octets: Buffer): void => {
      const isFirst = heldOctets === 0
      held.push(octets)
      heldOctets += octets.length
      const answer = alone.push('client', octets)
      both?.push('client', octets)
      if (answer.state === 'identified') known(answer)
      else if (answer.state === 'unknown') known(lastFound())
      else {
        if (heldOctets > MOST_HELD) client.pause()
        if (!isFirst) return
        deadline.cancel()
        deadline = after(handshakeMs, client, () => known(lastFound()))
      }
    }
    const lastFound = (): Found | null => {
      const own = alone.finish()
      const joint = own.state === 'identified' || both === null ? own : both.finish()
      return joint.state === 'identified' ? joint : null
    }
    const fromServer = (octets: Buffer): void => {
      octetsIn += octets.length
      both ??= withClientOctets(held, ciphers)
      both.push('server', octets)
      if (!client.write(octets)) server.pause()
    }
    const onDrain = (): void => void server.resume()
    // A client that says all it has and ends is as good as one that waits.
    const onClientEnd = (): void => (heldOctets > 0 ? known(lastFound()) : finish({ state: 'ended', octetsIn }))
    const onGone = (): void => finish({ state: 'ended', octetsIn })
    const finish = (result: FirstBytes): void => {
      deadline.cancel()
      client.pause()
      server.pause()
      client.off('data', fromClient).off('end', onClientEnd).off('close', onGone).off('drain', onDrain)
      server.off('data', fromServer).off('end', onGone).off('close', onGone)
      resolve(result)
    }
    client.on('data', fromClient).on('end', onClientEnd).on('close', onGone).on('drain', onDrain)
    server.on('data', fromServer).on('end', onGone).on('close', onGone)
    if (early.length > 0) fromClient(early)
    else if (client.readableEnded) onClientEnd()
    client.resume()
    server.resume()
  })
}

function withClientOctets(held: readonly Buffer[], ciphers: HandshakeCrypto | null): Identifier {
  const identifier = startIdentification({ transport: 'tcp', ciphers })
  for (const octets of held) identifier.push('client', octets)
  return identifier
}
