import type { RequestHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import type { Client, Peer } from '../client/client.ts'
import type { AfterRequest } from '../http/asker.ts'
import { loggedField } from '../http/logged-fields.ts'
import { isRefusal, parseConnectTarget } from '../http/request-target.ts'
import { identifyClient } from '../identity/identify-client.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { openTunnel } from './open-tunnel.ts'
import { runTunnel } from './run-tunnel.ts'
import type { HttpInTunnel } from './tunnel-route.ts'

/** How the two answers to CONNECT look in a version of HTTP. */
export type ConnectAnswers = {
  readonly refuse: (no: Refusal, record: OpenRecord) => Promise<AfterRequest>
  readonly accept: () => Client
}

/** CONNECT (RFC 9110 §9.3.6). */
export async function serveConnect(
  core: ProxyCore,
  peer: Peer,
  head: RequestHead,
  { refuse, accept }: ConnectAnswers,
): Promise<AfterRequest | HttpInTunnel> {
  core.counters.add('requestsConnect')
  const record = new OpenRecord(peer.endpoint, 'connect')
  record.facts.method = 'CONNECT'
  record.facts.userAgent = loggedField(head, 'user-agent')
  const destination = parseConnectTarget(head)
  if (isRefusal(destination)) return refuse(destination, record)
  const identified = identifyClient(core, peer, head)
  const identity = identified instanceof Promise ? await identified : identified
  if (isRefusal(identity)) return refuse(identity, record)
  const tunnel = await openTunnel(core, peer, identity, destination, record)
  if (isRefusal(tunnel)) return refuse(tunnel, record)
  record.facts.status = 200
  const after = await runTunnel(core, accept(), tunnel, record)
  return after === 'done' ? 'taken' : after
}
