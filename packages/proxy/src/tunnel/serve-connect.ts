import type { RequestHead } from '@sallyport/wire'
import type { Client } from '../client/client.ts'
import { loggedFields } from '../http/logged-fields.ts'
import { isRefusal, parseConnectTarget } from '../http/request-target.ts'
import { refuseRequest, type AfterRequest } from '../http/refuse-request.ts'
import { identifyClient } from '../identity/identify-client.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { openTunnel } from './open-tunnel.ts'
import { runTunnel } from './run-tunnel.ts'
import type { HttpInTunnel } from './tunnel-route.ts'

/** CONNECT (RFC 9110 §9.3.6). */
export async function serveConnect(
  core: ProxyCore,
  client: Client,
  head: RequestHead,
): Promise<AfterRequest | HttpInTunnel> {
  core.counters.add('requestsConnect')
  const record = new OpenRecord(client.endpoint, 'connect')
  const { userAgent } = loggedFields(head)
  record.set({ method: 'CONNECT', userAgent })
  const destination = parseConnectTarget(head)
  if (isRefusal(destination)) return refuseRequest(core, client, head, record, destination, true)
  const identity = await identifyClient(core, client, head)
  if (isRefusal(identity)) return refuseRequest(core, client, head, record, identity, true)
  const tunnel = await openTunnel(core, client, identity, destination, record)
  if (isRefusal(tunnel)) return refuseRequest(core, client, head, record, tunnel, true)
  client.socket.write('HTTP/1.1 200 Connection established\r\n\r\n', 'latin1')
  record.set({ status: 200 })
  const after = await runTunnel(core, client, tunnel, record)
  return after === 'done' ? 'taken' : after
}
