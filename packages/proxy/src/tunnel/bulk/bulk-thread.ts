import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { BulkThreadData, BulkTunnel, FromBulk, ToBulk } from './bulk-messages.ts'
import { loadLinuxCalls, O_CLOEXEC_NONBLOCK } from './linux-calls.ts'
import { SpliceWay } from './splice-way.ts'

const IN_OUT_EDGE = 0x1 | 0x4 | 0x2000 | 0x8000_0000
const READABLE = 0x1 | 0x8 | 0x10 | 0x2000
const WRITABLE = 0x4 | 0x8 | 0x10
const ADD = 1
const MOST_EVENTS = 128
/** struct epoll_event has no gap on x64 alone. */
const EVENT_OCTETS = process.arch === 'x64' ? 12 : 16
const DATA_AT = EVENT_OCTETS - 8
const SAID_EVERY_MS = 1000
const BUSY_OCTETS = 32_768
const GATHER_MICROSECONDS = 300

type Tunnel = {
  readonly tunnel: BulkTunnel
  readonly out: SpliceWay
  readonly into: SpliceWay
  saidOut: number
  saidIn: number
}

const { wakeFd } = workerData as BulkThreadData
const calls = loadLinuxCalls()
const epoll = calls.epoll_create1(O_CLOEXEC_NONBLOCK & 0o2000000)
const byFd = new Map<number, Tunnel>()
const byId = new Map<number, Tunnel>()
const busy = new Set<Tunnel>()
const events = new Uint8Array(EVENT_OCTETS * MOST_EVENTS)
const view = new DataView(events.buffer)
const scratch = new Uint8Array(512)

watch(wakeFd, 0x1)
run()

/** Never gives the thread back until it is told to stop: messages are asked for, and a pipe wakes it for them. */
function run(): void {
  let saidMs = Date.now()
  let moved = 0
  for (;;) {
    const count = calls.epoll_wait(epoll, events, MOST_EVENTS, busy.size > 0 ? 0 : SAID_EVERY_MS)
    for (let at = 0; at < count; at++)
      take(view.getUint32(at * EVENT_OCTETS, true), view.getUint32(at * EVENT_OCTETS + DATA_AT, true))
    // A moment more brings many times as much for the same calls; who sends little does not wait.
    if (count > 0 && moved >= BUSY_OCTETS) calls.usleep(GATHER_MICROSECONDS)
    if (!hear()) return
    moved = 0
    for (const each of busy) moved += pump(each)
    const nowMs = Date.now()
    if (nowMs - saidMs >= SAID_EVERY_MS) {
      saidMs = nowMs
      for (const each of byId.values()) say(each, 'moved')
    }
  }
}

function watch(fd: number, mask: number): void {
  const event = new Uint8Array(16)
  const fields = new DataView(event.buffer)
  fields.setUint32(0, mask, true)
  fields.setUint32(DATA_AT, fd, true)
  calls.epoll_ctl(epoll, ADD, fd, event)
}

function take(mask: number, fd: number): void {
  if (fd === wakeFd) return void calls.read(wakeFd, scratch, scratch.length)
  const tunnel = byFd.get(fd)
  if (tunnel === undefined) return
  for (const way of [tunnel.out, tunnel.into]) {
    if (way.from === fd && (mask & READABLE) !== 0) way.readable()
    if (way.to === fd && (mask & WRITABLE) !== 0) way.writable()
  }
  busy.add(tunnel)
}

/** False when it is over. */
function hear(): boolean {
  for (let got = receiveMessageOnPort(parentPort!); got !== undefined; got = receiveMessageOnPort(parentPort!)) {
    const message = got.message as ToBulk
    if (message.kind === 'stop') {
      for (const each of byId.values()) close(each)
      calls.close(epoll)
      return false
    }
    if (message.kind === 'move') open(message.tunnel)
    else if (byId.has(message.id)) end(byId.get(message.id)!)
  }
  return true
}

function open(tunnel: BulkTunnel): void {
  const { client, server, pipes } = tunnel
  const out = new SpliceWay(client, server, [pipes[0], pipes[1]])
  const into = new SpliceWay(server, client, [pipes[2], pipes[3]])
  const opened: Tunnel = { tunnel, out, into, saidOut: 0, saidIn: 0 }
  byId.set(tunnel.id, opened)
  for (const fd of [client, server]) {
    byFd.set(fd, opened)
    watch(fd, IN_OUT_EDGE)
  }
  busy.add(opened)
}

/** How many octets went through. */
function pump(each: Tunnel): number {
  const before = each.out.octets + each.into.octets
  const more = [each.out.pump(calls), each.into.pump(calls)].includes(true)
  const isBroken = each.out.state === 'broken' || each.into.state === 'broken'
  if (isBroken || (each.out.state === 'ended' && each.into.state === 'ended')) end(each)
  else if (!more) busy.delete(each)
  return each.out.octets + each.into.octets - before
}

function end(each: Tunnel): void {
  close(each)
  say(each, 'ended')
}

function close(each: Tunnel): void {
  const { id, client, server } = each.tunnel
  byId.delete(id)
  busy.delete(each)
  // A descriptor that is closed is watched no more.
  for (const fd of [client, server]) {
    byFd.delete(fd)
    calls.close(fd)
  }
  each.out.close(calls)
  each.into.close(calls)
}

function say(each: Tunnel, kind: FromBulk['kind']): void {
  const { out, into, tunnel } = each
  const ended = [out, into].filter(({ state }) => state === 'ended').length
  const said: FromBulk = {
    kind,
    id: tunnel.id,
    octetsOut: out.octets - each.saidOut,
    octetsIn: into.octets - each.saidIn,
    ended,
  }
  if (kind === 'moved' && said.octetsOut + said.octetsIn === 0) return
  each.saidOut = out.octets
  each.saidIn = into.octets
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(said)
}
