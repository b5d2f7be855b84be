import { serveHttp } from '../http/http-session.ts'
import { serveHttp2 } from '../http2/serve-http2.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { HttpInTunnel } from '../tunnel/tunnel-route.ts'

/** HTTP in a tunnel of CONNECT or SOCKS, plain or in TLS that ended here. */
export async function serveTunnelled(core: ProxyCore, http: HttpInTunnel): Promise<void> {
  if (http.version === 2) return serveHttp2(core, http.peer, http.route, async () => {})
  await serveHttp(core, http.client, http.route, http.upstream)
}
