import {
  addressScope,
  formatAddress,
  isAuthority,
  isIpv4,
  parseAuthority,
  type Address,
  type Prefix,
} from '@sallyport/net'
import type { Policy } from '@sallyport/policy'
import { fieldValues, type RequestHead } from '@sallyport/wire'
import type { Peer } from '../client/client.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { localEnd } from '../sockets/socket-ends.ts'
import { authorityText } from './request-target.ts'

export const PAC_PATHS: readonly string[] = ['/proxy.pac', '/wpad.dat']

export const PAC_TYPE = 'application/x-ns-proxy-autoconfig'

/** The file for a client; the proxy is what the client calls it. */
export function pacFor(core: ProxyCore, { socket, isTls }: Peer, head: RequestHead): string {
  const authority = parseAuthority(fieldValues(head.fields, 'host')[0] ?? '')
  const local = localEnd(socket)
  const port = local?.port ?? 3128
  const host = isAuthority(authority)
    ? authorityText({ host: authority.host, port: authority.port ?? port }, null)
    : local === null
      ? `localhost:${port}`
      : authorityText({ host: { kind: 'address', address: local.address }, port }, null)
  return pacFile(core.judge.policy, `${isTls ? 'HTTPS' : 'PROXY'} ${host}`)
}

/** Networks that a client reaches by itself, unless the policy names a part of them. */
const OWN_NETWORKS: readonly (readonly [string, string])[] = [
  ['10.0.0.0', '255.0.0.0'],
  ['172.16.0.0', '255.240.0.0'],
  ['192.168.0.0', '255.255.0.0'],
  ['169.254.0.0', '255.255.0.0'],
  ['127.0.0.0', '255.0.0.0'],
]

/**
 * The file that tells browsers what goes through the proxy: everything, so that the policy is asked, but for what never leaves the
 * client's own network. `proxy` is `PROXY host:port` or `HTTPS host:port`.
 */
export function pacFile(policy: Policy, proxy: string): string {
  const named = policy.layers
    .flatMap(({ rules }) => rules.filter(({ action }) => action === 'allow'))
    .flatMap(({ to }) => (to ?? []).flatMap(({ ip }) => ip ?? []))
    .filter(({ address, length }) => isIpv4(address) && length > 96 && addressScope(address) !== 'public')
  const inNet = (network: string, mask: string): string =>
    `isInNet(host, ${JSON.stringify(network)}, ${JSON.stringify(mask)})`
  const through = [...new Set(named.map((prefix) => inNet(formatAddress(prefix.address), maskOf(prefix))))]
  const direct = OWN_NETWORKS.map(([network, mask]) => inNet(network, mask))
  return `function FindProxyForURL(url, host) {
  var proxy = ${JSON.stringify(proxy)};
  if (/^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host)) {
    if (${through.length === 0 ? 'false' : through.join(' || ')}) return proxy;
    if (${direct.join(' || ')}) return "DIRECT";
    return proxy;
  }
  if (isPlainHostName(host) || host === "::1" || shExpMatch(host, "*.localhost")) return "DIRECT";
  return proxy;
}
`
}

function maskOf({ length }: Prefix): string {
  const bits = length - 96
  const mask: Address = { words: [0, 0, 0xffff, bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0] }
  return formatAddress(mask)
}
