import { isIP } from 'node:net'
import type { Endpoint } from '../options.ts'

/** resolv.conf(5): a stub resolver looks at three servers at most. */
const MOST = 3

/** The servers named in the text of a resolv.conf; the local stub of systemd-resolved (127.0.0.53) counts as one. */
export function upstreamsFromSystem(resolvConf: string): Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const line of resolvConf.split('\n')) {
    const match = /^nameserver[ \t]+(\S+)/.exec(line)
    const address = match?.[1]
    if (address === undefined || isIP(address) === 0) continue
    if (!endpoints.some((endpoint) => endpoint.address === address)) endpoints.push({ address, port: 53 })
  }
  return endpoints.slice(0, MOST)
}
