import type { Socket } from 'node:net'
import { ByteReader } from '../client/byte-reader.ts'
import type { Client } from '../client/client.ts'
import { openUpstream } from '../connect/open-upstream.ts'
import { newUpstream, type Upstream } from '../connect/upstream-pool.ts'
import type { Refusal } from '../answers.ts'
import type { Judged } from '../decide/proxy-judge.ts'
import { isRefusal } from '../http/request-target.ts'
import { hostText } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { OpenTunnel } from '../tunnel/open-tunnel.ts'
import type { HttpInTunnel } from '../tunnel/tunnel-route.ts'
import { acceptTls } from './accept-tls.ts'
import type { InspectionOptions } from './inspection.ts'
import { openTls } from './open-tls.ts'

/**
 * Ends the client's TLS here, with a certificate in the name of the host, and begins another to the server when the first request
 * has been let through. Null when the client does not take the certificate.
 */
export async function inspectTunnel(
  core: ProxyCore,
  options: InspectionOptions,
  client: Client,
  tunnel: OpenTunnel,
  serverName: string | null,
  held: Buffer,
): Promise<HttpInTunnel | null> {
  const { destination, identity, address } = tunnel
  const host = serverName ?? hostText(destination.host)
  const context = await core.leaves!.for(host)
  const secure = await acceptTls(client.socket, held, context, core.timeouts.handshakeMs)
  if (secure === null) return null
  const reader = new ByteReader(secure)
  let raw: Socket | null = tunnel.socket
  secure.once('close', () => raw?.destroy())
  const judged: Judged = { outcome: 'allow', verdict: tunnel.verdict }
  const open = async (): Promise<Upstream | Refusal> => {
    const socket = raw ?? (await reopen(core, { address, judged }, destination.port))
    raw = null
    if ('reason' in socket) return socket
    const tls = await openTls(socket, host, options.serverCa, core.timeouts.connectMs)
    return isRefusal(tls) ? tls : newUpstream(tls, address, destination.port)
  }
  return {
    client: { ...client, socket: secure, reader },
    route: { destination, identity, address, open },
    upstream: null,
  }
}

async function reopen(
  core: ProxyCore,
  to: Parameters<typeof openUpstream>[0][number],
  port: number,
): Promise<Socket | Refusal> {
  const opened = await openUpstream([to], port, core.timeouts.connectMs)
  return opened.state === 'open' ? opened.socket : opened.refusal
}
