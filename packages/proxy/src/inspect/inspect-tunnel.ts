import { ByteReader } from '../client/byte-reader.ts'
import type { Client } from '../client/client.ts'
import { hostText } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { asNodeSocket, asNodeStream } from '../sockets/socket-ends.ts'
import type { OpenTunnel } from '../tunnel/open-tunnel.ts'
import type { HttpInTunnel, TunnelRoute } from '../tunnel/tunnel-route.ts'
import { acceptTls } from './accept-tls.ts'
import { InspectedServer } from './inspected-server.ts'
import type { InspectionOptions } from './inspection.ts'

/**
 * Ends the client's TLS here, with a certificate in the name of the host, and begins another to the server when the first request
 * has been let through.
 */
export async function inspectTunnel(
  core: ProxyCore,
  options: InspectionOptions,
  client: Client,
  tunnel: OpenTunnel,
  serverName: string | null,
  held: Buffer,
): Promise<HttpInTunnel | 'refused' | 'late'> {
  const { destination, identity, address } = tunnel
  const host = serverName ?? hostText(destination.host)
  const context = await core.leaves!.for(host)
  const secure = await acceptTls(asNodeStream(client.socket), held, context, core.timeouts.handshakeMs)
  if (typeof secure === 'string') return secure
  const server = new InspectedServer(core, asNodeSocket(tunnel.socket), {
    host,
    trust: options,
    to: { address, judged: { outcome: 'allow', verdict: tunnel.verdict } },
    destination,
  })
  secure.once('close', () => server[Symbol.dispose]())
  const route: TunnelRoute = { destination, identity, address, open: (kept, how) => server.open(kept, how) }
  const peer = { ...client, socket: secure }
  if (secure.alpnProtocol === 'h2') return { version: 2, peer, route }
  return { version: 1, client: { ...peer, reader: new ByteReader(secure) }, route, upstream: null }
}
