import { WebSocketReader } from '@sallyport/wire'
import { meterOctets } from '../allowance/meter-octets.ts'
import { refusal, type Refusal } from '../answers.ts'
import { ByteReader, writeWithin } from '../client/byte-reader.ts'
import { endSoon } from '../client/client.ts'
import type { TakenOver } from '../http/asker.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { Finding } from './findings.ts'
import type { ContentScan } from './scan-content.ts'
import { MessageScan } from './scan-messages.ts'

/** What becomes of a message with this in it, `all` being what was in those before, too; `null`: it goes on. */
export type JudgeMessage = (scan: ContentScan, all: readonly Finding[]) => Refusal | null

/**
 * A WebSocket whose client is listened to: each of its messages goes on when it was looked into and judged, and none of it before.
 * What is denied ends both connections; a frame of the proxy's own could fall into one of the server's.
 */
export async function guardWebSocket(
  core: ProxyCore,
  client: TakenOver,
  server: TakenOver,
  judge: JudgeMessage,
  record: OpenRecord,
): Promise<void> {
  core.counters.openTunnels++
  const back = passBack(server, client.socket, record)
  try {
    const no = await passMessages(core, client, server.socket, judge, record, back)
    if (no === null) return endSoon(server.socket)
    record.refused(no)
    server.socket.destroy()
    client.socket.destroy()
  } finally {
    core.counters.openTunnels--
    await back.ended(core.timeouts.halfOpenMs)
    endSoon(client.socket)
    server.socket.destroy()
  }
}

async function passMessages(
  core: ProxyCore,
  client: TakenOver,
  server: ByteSocket,
  judge: JudgeMessage,
  record: OpenRecord,
  back: Back,
): Promise<Refusal | null> {
  const { scanBytes } = core.limits
  const { tunnelIdleMs, bodyIdleMs } = core.timeouts
  const frames = new WebSocketReader(scanBytes)
  const own = (): ReturnType<NonNullable<typeof core.options.detectors>> => core.options.detectors?.() ?? []
  // What stands between two pieces of a message is not between them to whoever puts them together.
  const scans = { message: new MessageScan(own), control: new MessageScan(own) }
  const reader = new ByteReader(client.socket)
  reader.unread(client.held)
  for (;;) {
    const piece = await reader.read(tunnelIdleMs)
    if (piece === 'end') return null
    if (piece === 'timeout') {
      if (back.hasMoved()) continue
      core.counters.add('tunnelsIdle')
      return null
    }
    const { parts, problem } = frames.push(piece)
    for (const part of parts) {
      // A ping has room for 125 octets of whatever its sender likes.
      const isEmpty = part.kind === 'control' && part.payload.length === 0
      const no = isEmpty ? null : await judged(core, scans[part.kind], part.payload, judge)
      if (no !== null) return no
      const limited = (await record.allowance?.out(part.raw.length)) ?? null
      if (limited !== null) return limited
      record.addOctets(part.raw.length, 0)
      if (!(await writeWithin(server, part.raw, bodyIdleMs))) return null
    }
    if (problem !== null) return refusal('content-opaque', `a frame of a WebSocket: ${problem}`)
  }
}

async function judged(
  core: ProxyCore,
  scan: MessageScan,
  { buffer, byteOffset, length }: Uint8Array,
  judge: JudgeMessage,
): Promise<Refusal | null> {
  core.counters.add('messagesScanned')
  return judge(await scan.look(Buffer.from(buffer, byteOffset, length)), scan.findings)
}

type Back = { readonly hasMoved: () => boolean; readonly ended: (mostMs: number) => Promise<void> }

/** What the server says goes to the client as it is. */
function passBack({ socket: server, held }: TakenOver, client: ByteSocket, record: OpenRecord): Back {
  let moved = false
  const over = Promise.withResolvers<void>()
  const pass = (octets: Buffer): void => {
    moved = true
    record.addOctets(0, octets.length)
    if (!client.write(octets)) server.pause()
  }
  const { allowance } = record
  const refuse = (no: Refusal): void => {
    record.refused(no)
    server.destroy()
    client.destroy()
  }
  const metered = meterOctets(server, allowance && ((octets) => allowance.in(octets)), pass, refuse)
  server.on('data', metered.take)
  client.on('drain', () => !metered.isAsking() && server.resume())
  for (const event of ['end', 'close'] as const) {
    server.on(event, () =>
      metered.whenSettled(() => {
        over.resolve()
        endSoon(client)
      }),
    )
  }
  client.on('close', () => over.resolve())
  if (held.length > 0) pass(held)
  if (server.destroyed || server.readableEnded || client.destroyed) over.resolve()
  server.resume()
  return {
    hasMoved: () => {
      const was = moved
      moved = false
      return was
    },
    ended: async (mostMs) => {
      const late = setTimeout(over.resolve, mostMs)
      await over.promise
      clearTimeout(late)
    },
  }
}
