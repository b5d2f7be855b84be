/** First process of the namespace: holds the packet queue, starts the command, and ends everything when it ends. */
import { readlinkSync } from 'node:fs'
import { sendSmallSegments } from './send-small-segments.ts'
import { closeConnection } from '../../close-denied.ts'
import { parsePacket } from '../../queue/parse-packet.ts'
import type { ToInside, ToOutside } from '../messages.ts'
import { Pending } from './pending.ts'
import { startDnsRelay } from './dns-relay.ts'
import { hideServices, mountOwnProc } from './hide-services.ts'
import { InsideError } from './inside-error.ts'
import { installRules } from './install-rules.ts'
import { exitNow } from './libc.ts'
import { openPacketQueue, type QueuedPacket } from './packet-queue.ts'
import { reapOrphans } from './reap-orphans.ts'
import { findSocketOwner } from './socket-owner.ts'
import { spawnCommand } from './spawn-command.ts'

type Start = Extract<ToInside, { kind: 'start' }>

const TO_COMMAND_ONLY = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const
const WAITING_QUERIES = 512

const queries = new Pending<Uint8Array>(WAITING_QUERIES)
let commandPid: number | null = null

// Without the process outside there are no verdicts; the kernel ends every process in here with this one.
process.on('disconnect', () => exitNow(1))
for (const signal of TO_COMMAND_ONLY) process.on(signal, () => {})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

const pid = Number(readlinkSync('/proc/self'))
if (!mountOwnProc()) tell({ kind: 'warning', text: 'the command sees the processes of the host in /proc' })
installRules(0)
sendSmallSegments()
const queue = openPacketQueue()
reapOrphans((child) => child === commandPid)
queue.read(onPacket, () => tell({ kind: 'dropped', why: 'overflow', count: 1 })).catch(fail)

process.on('message', (message: ToInside) => {
  if (message.kind === 'verdict') queue.answer(message.id, message.verdict)
  else if (message.kind === 'close') closeConnection(message.connection)
  else if (message.kind === 'renew') renew(message.generation)
  else if (message.kind === 'answer') queries.settle(message.id, message.message)
  else if (message.kind === 'start') start(message).catch(fail)
  else if (commandPid !== null) process.kill(commandPid, message.signal)
})
tell({ kind: 'guarding', pid })

async function start({ command, env, identity, runtimeFolder }: Start): Promise<void> {
  await startDnsRelay((transport, message) => queries.add((id) => tell({ kind: 'query', id, transport, message })))
  const open = hideServices(identity.uid, runtimeFolder)
  if (open.length > 0) tell({ kind: 'warning', text: `could not be hidden from the command: ${open.join(', ')}` })
  const child = spawnCommand(command, env, identity)
  child.on('error', (error) => fail(new InsideError('tool-missing', error.message)))
  commandPid = child.pid ?? null
  child.on('exit', (code, signal) => tell({ kind: 'ended', code, signal }, () => exitNow(0)))
  tell({ kind: 'started' })
}

function renew(generation: number): void {
  installRules(generation)
  queue.renew(generation)
}

function onPacket({ id, queue: from, payload: bytes, length }: QueuedPacket): void {
  if (from === 'sent') return tell({ kind: 'counted', from: 'client', id, bytes, length })
  if (from === 'got') return tell({ kind: 'counted', from: 'server', id, bytes, length })
  if (from !== 'first') return tell({ kind: 'octets', from, id, bytes })
  const headers = parsePacket(bytes)
  if (headers !== null) return tell({ kind: 'packet', id, headers, owner: findSocketOwner(headers), bytes })
  queue.answer(id, 'drop')
  return tell({ kind: 'dropped', why: 'malformed', count: 1 })
}

function tell(message: ToOutside, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, then)
}

function fail(error: unknown): void {
  const code = error instanceof InsideError ? error.code : 'start-failed'
  const text = error instanceof Error ? error.message : String(error)
  tell({ kind: 'failed', code, text }, () => exitNow(1))
}
