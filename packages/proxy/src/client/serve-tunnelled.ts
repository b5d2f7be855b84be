import { serveHttp } from '../http/http-session.ts'
import { KeptUpstreams } from '../http/kept-upstreams.ts'
import { serveHttp2 } from '../http2/serve-http2.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { HttpInTunnel } from '../tunnel/tunnel-route.ts'

/** HTTP in a tunnel of CONNECT or SOCKS, plain or in TLS that ended here. */
export async function serveTunnelled(core: ProxyCore, http: HttpInTunnel): Promise<void> {
  if (http.version === 2) return serveHttp2(core, http.peer, http.route, async () => {})
  using kept = new KeptUpstreams(core.pool)
  if (http.upstream !== null) kept.give(http.upstream, 'client')
  await serveHttp(core, http.client, http.route, kept)
}
