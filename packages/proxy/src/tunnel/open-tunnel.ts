import type { Address } from '@sallyport/net'
import type { Flow, Verdict } from '@sallyport/policy'
import { allowanceFor } from '../allowance/flow-allowance.ts'
import type { Refusal } from '../answers.ts'
import { clientFacts, type Peer } from '../client/client.ts'
import { judgeAddresses } from '../connect/judge-addresses.ts'
import { noteWay } from '../connect/note-way.ts'
import { reachServer } from '../connect/reach-server.ts'
import { wayTo } from '../connect/way.ts'
import { isRefusal, type Destination } from '../http/request-target.ts'
import type { Identity } from '../identity/identity.ts'
import { hostText, type OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'

/** A connection made for a client; what it will speak is not known yet. */
export type OpenTunnel = {
  readonly socket: ByteSocket
  readonly address: Address
  readonly destination: Destination
  readonly identity: Identity
  /** Facts so far. */
  readonly flow: Flow
  readonly verdict: Verdict
}

/** The way to a destination, as far as the policy may let the tunnel through. */
export async function openTunnel(
  core: ProxyCore,
  client: Peer,
  identity: Identity,
  destination: Destination,
  record: OpenRecord,
): Promise<OpenTunnel | Refusal> {
  const { host, port } = destination
  record.facts.host = hostText(host)
  record.facts.port = port
  record.asker(identity)
  // The name of the request is the verified one until a handshake states another; an address may still turn out to have one.
  const named = host.kind === 'name' ? { boundNames: [host.name], domain: host.name } : { boundNames: [] }
  const flow: Flow = { ...clientFacts(client, identity), port, ...named }
  const judging = judgeAddresses(destination, flow, core.judge, core.names, false)
  const judged = judging instanceof Promise ? await judging : judging
  record.facts.resolveMs = judged.resolveMs
  if (judged.state === 'refused') {
    if (judged.judged !== null) record.judged(judged.judged)
    return judged.refusal
  }
  // A client that is told by the answer to CONNECT knows why.
  const allowance = allowanceFor(core, judged.addresses[0]!.judged, record)
  const limited = allowance === null ? null : await allowance.hasRoom()
  if (limited !== null) {
    record.judged(judged.addresses[0]!.judged)
    return limited
  }
  record.allowance = null
  const way = wayTo(core, destination, judged.addresses)
  const opened = await reachServer(core, way, record)
  if (isRefusal(opened)) return opened
  const { address } = opened.to
  noteWay(record, way, opened.to)
  return {
    socket: opened.socket,
    address,
    destination,
    identity,
    flow: { ...flow, dst: address },
    verdict: opened.to.judged.verdict!,
  }
}
