import type { Flow } from '@sallyport/policy'
import { allowanceFor } from '../allowance/flow-allowance.ts'
import { refusal, type Refusal } from '../answers.ts'
import { ByteReader, NO_OCTETS } from '../client/byte-reader.ts'
import { clientKey } from '../client/request-rates.ts'
import { endSoon, resetConnection, type Client } from '../client/client.ts'
import { newUpstream } from '../connect/upstream-pool.ts'
import { inspectTunnel } from '../inspect/inspect-tunnel.ts'
import { pinnedName, sparedBy, wantsInspection, type InspectionOptions } from '../inspect/inspection.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore, RunningTunnel } from '../proxy-core.ts'
import { awaitFirstBytes } from './first-bytes.ts'
import { judgeTunnel, tunnelFacts } from './judge-tunnel.ts'
import type { OpenTunnel } from './open-tunnel.ts'
import { pipeTunnel } from './pipe-tunnel.ts'
import type { HttpInTunnel } from './tunnel-route.ts'

/** A tunnel whose client was told that it is open: first octets, judgement, then all the rest. */
export async function runTunnel(
  core: ProxyCore,
  client: Client,
  tunnel: OpenTunnel,
  record: OpenRecord,
): Promise<'done' | HttpInTunnel> {
  const { keepAliveMs, handshakeMs } = core.timeouts
  const server = tunnel.socket
  const begun = client.reader.release()
  const waiting = { silenceMs: Math.max(keepAliveMs, core.timeouts.tunnelIdleMs), handshakeMs }
  const first = await awaitFirstBytes({ client: client.socket, server }, begun, core.options.ciphers ?? null, waiting)
  record.addOctets(0, first.octetsIn)
  if (first.state === 'ended') {
    endSoon(client.socket)
    endSoon(server)
    core.finish(record)
    return 'done'
  }
  const { found, held } = first
  const facts = tunnelFacts(tunnel.flow, found)
  record.facts.protocol = found?.protocol ?? 'other'
  record.facts.serverName = found?.name ?? null
  record.facts.ja4 = found?.ja4 ?? null
  if (facts.protocol === 'http' && found?.request?.method !== 'CONNECT' && first.octetsIn === 0) {
    record.facts.opened = true
    core.finish(record)
    return httpInTunnel(client, tunnel, held)
  }
  const inspect = core.options.inspect ?? null
  if (inspect !== null && found?.problem === null && isToInspect(core, facts)) {
    const spared = sparedBy(inspect, facts, peerKey(client), Date.now())
    if (spared === null) return inspected(core, inspect, client, { ...tunnel, flow: facts }, found.name, held, record)
    core.counters.add(spared === 'pinned' ? 'tunnelsPinned' : 'tunnelsSpared')
    record.facts.spared = spared
  }
  const judged = judgeTunnel(core.judge, facts, found)
  record.judged(judged)
  const allowance = judged.outcome === 'deny' ? null : allowanceFor(core, judged, record)
  const limited = allowance === null ? null : await allowance.begin(held.length, first.octetsIn)
  const no = judged.outcome === 'deny' ? judged.refusal : limited
  if (no !== null) {
    refuseTunnel(client, no, facts.protocol === 'tls')
    server.destroy()
    record.refused(no)
    core.finish(record)
    return 'done'
  }
  const running: RunningTunnel = { flow: facts, cut: () => void (client.socket.destroy(), server.destroy()) }
  core.tunnels.add(running)
  try {
    await pipeTunnel(core, client.socket, server, held, NO_OCTETS, record)
  } finally {
    core.tunnels.delete(running)
  }
  core.finish(record)
  return 'done'
}

async function inspected(
  core: ProxyCore,
  inspect: InspectionOptions,
  client: Client,
  tunnel: OpenTunnel,
  name: string | null,
  held: Buffer,
  record: OpenRecord,
): Promise<'done' | HttpInTunnel> {
  core.counters.add('tunnelsInspected')
  const http = await inspectTunnel(core, inspect, client, tunnel, name, held)
  const [who, host] = [peerKey(client), pinnedName(tunnel.flow)]
  if (typeof http === 'string') {
    if (http === 'refused' && inspect.pinned?.refused(who, host, Date.now()) === true) core.counters.add('pinsLearned')
    record.refused(refusal('inspection-refused'))
    tunnel.socket.destroy()
  } else {
    inspect.pinned?.accepted(who, host)
    record.facts.opened = true
  }
  core.finish(record)
  return typeof http === 'string' ? 'done' : http
}

function isToInspect({ judge }: ProxyCore, facts: Flow): boolean {
  const early = judge.judge(facts, false)
  return wantsInspection(facts, early, judge.asksForInspection(early))
}

const peerKey = ({ address }: Client): string => String(clientKey(address))

function httpInTunnel(client: Client, tunnel: OpenTunnel, held: Buffer): HttpInTunnel {
  const reader = new ByteReader(client.socket)
  reader.unread(held)
  const { destination, identity, address, socket } = tunnel
  const upstream = newUpstream(socket, address, destination.port)
  return { version: 1, client: { ...client, reader }, route: { destination, identity, address, open: null }, upstream }
}

/** A fatal alert, so that clients of TLS say that access was denied (RFC 8446 §6.2); others see a reset. */
function refuseTunnel(client: Client, { isSilent }: Refusal, isTls: boolean): void {
  if (!isTls || isSilent) return resetConnection(client)
  const { socket } = client
  socket.end(Uint8Array.from([21, 3, 3, 0, 2, 2, 49]))
  socket.on('data', () => {}).resume()
  setTimeout(() => socket.destroy(), 1000).unref()
}
