import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { syslogLine } from '../format/syslog-line.ts'
import type { Origin } from '../message.ts'
import type { Target } from '../target.ts'
import type { Sender } from './sender.ts'

type SyslogTarget = Extract<Target, { kind: 'syslog' }>

const PATIENCE_MS = 10_000
/** What fits into one datagram of IPv4 less its headers; receivers are asked to take 2,048 (RFC 5426 §3.2). */
const MOST_DATAGRAM_BYTES = 65_507

export function syslogSender(target: SyslogTarget, origin: Origin): Sender {
  return target.transport === 'udp' ? overDatagrams(target, origin) : overStream(target, origin)
}

function overDatagrams({ host, port, format }: SyslogTarget, origin: Origin): Sender {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.unref()
  // Errors come with the call that met them.
  socket.on('error', () => {})
  return {
    send: async (messages) => {
      const datagrams = messages.map((message) => Buffer.from(syslogLine(message, format, origin)))
      if (datagrams.some(({ length }) => length > MOST_DATAGRAM_BYTES)) return 'not-together'
      for (const bytes of datagrams)
        await new Promise<void>((resolve, reject) =>
          socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error))),
        )
      return 'sent'
    },
    [Symbol.asyncDispose]: async () => {
      socket.close()
    },
  }
}

/** RFC 5425 §4.3 and RFC 6587 §3.4.1: each message behind the count of its octets. Syslog knows no receipt. */
function overStream(target: SyslogTarget, origin: Origin): Sender {
  let socket: Socket | null = null
  return {
    send: async (messages) => {
      const frames = messages.map((message) => {
        const line = syslogLine(message, target.format, origin)
        return `${Buffer.byteLength(line)} ${line}`
      })
      if (socket === null || socket.destroyed || !socket.writable) socket = await open(target)
      const open_ = socket
      await new Promise<void>((resolve, reject) => {
        open_.write(frames.join(''), (error) => (error === undefined || error === null ? resolve() : reject(error)))
      })
      return 'sent'
    },
    [Symbol.asyncDispose]: async () => {
      if (socket === null || socket.destroyed) return
      socket.end()
      await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 1000).unref())])
      socket.destroy()
    },
  }
}

async function open({ transport, host, port }: SyslogTarget): Promise<Socket> {
  const socket =
    transport === 'tls'
      ? connectTls({ host, port, servername: /^[\d.]+$|:/.test(host) ? '' : host })
      : connectTcp({ host, port })
  const ready = transport === 'tls' ? 'secureConnect' : 'connect'
  try {
    await once(socket, ready, { signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (error) {
    socket.destroy()
    throw error
  }
  // The next write finds out.
  socket.on('error', () => socket.destroy())
  // Nothing is expected; unread octets would hold the end of the stream back.
  socket.resume()
  socket.unref()
  return socket
}
