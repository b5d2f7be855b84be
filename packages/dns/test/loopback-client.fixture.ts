import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6, type Socket } from 'node:net'
import { buildMessage, ednsOf, extendedErrors, isWireFailure, optRecord, parseMessage, wireName } from '@sallyport/wire'
import type { EdnsOption, ExtendedError, Message } from '@sallyport/wire'
import { frame, FrameReader } from '../src/listen/frames.ts'
import type { Endpoint } from '../src/options.ts'

export function question(name: string, type = 1, options: readonly EdnsOption[] = []): Message {
  return {
    header: {
      id: 4711,
      response: false,
      opcode: 0,
      authoritative: false,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      authenticData: false,
      checkingDisabled: false,
      rcode: 0,
    },
    questions: [{ name: wireName(name)!, type, class: 1 }],
    answers: [],
    authorities: [],
    additionals: [optRecord({ udpSize: 4096, extendedRcode: 0, version: 0, dnssecOk: false, options })],
  }
}

export async function askUdp(server: Endpoint, message: Message | Uint8Array): Promise<Message> {
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
  try {
    socket.send(bytesOf(message), server.port, server.address)
    const [bytes] = (await once(socket, 'message', { signal: AbortSignal.timeout(8000) })) as [Buffer]
    return parsed(bytes)
  } finally {
    socket.close()
  }
}

/** All answers to `messages`, sent in one go over one connection, in the order of arrival. */
export async function askTcp(server: Endpoint, ...messages: Message[]): Promise<Message[]> {
  const socket = await connected(server)
  try {
    socket.write(Buffer.concat(messages.map((message) => frame(bytesOf(message)))))
    const frames = new FrameReader(65535)
    const answers: Message[] = []
    for await (const chunk of socket) {
      for (const bytes of frames.push(chunk as Buffer)!) answers.push(parsed(bytes))
      if (answers.length === messages.length) break
    }
    return answers
  } finally {
    socket.destroy()
  }
}

/** Resolves when the connection is over, by a reset as well: writing to a connection that the other side ended is answered by one. */
export async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
}

export async function connected(server: Endpoint): Promise<Socket> {
  const socket = connect(server.port, server.address)
  await once(socket, 'connect')
  return socket
}

export function errorsIn(message: Message): ExtendedError[] {
  const edns = ednsOf(message)
  return edns === null || edns === 'bad' ? [] : extendedErrors(edns.options)
}

export function addressesIn(message: Message): string[] {
  return message.answers.flatMap(({ data }) => (data.kind === 'address' ? [data.octets.join('.')] : []))
}

function bytesOf(message: Message | Uint8Array): Uint8Array {
  return message instanceof Uint8Array ? message : buildMessage(message)
}

function parsed(bytes: Uint8Array): Message {
  const message = parseMessage(bytes)
  if (isWireFailure(message)) throw new Error(`unreadable answer: ${message.failure} at ${message.offset}`)
  return message
}
