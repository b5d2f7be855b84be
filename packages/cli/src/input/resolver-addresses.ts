import { readFile } from 'node:fs/promises'
import {
  lookUpServer,
  parseResolverUri,
  upstreamsFromSystem,
  type Endpoint,
  type ListenEndpoint,
  type ResolverUri,
  type UpstreamRoute,
  type UpstreamServer,
} from '@sallyport/dns'
import { parseDomainName, type DomainName } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { MOST_PEM_BYTES } from './certificate.ts'
import { readTextFile } from './read-text-file.ts'

export function parseListen(text: string): ListenEndpoint {
  const { kind, address, port, path } = parsed('--listen', text)
  if (address === null) throw invalid('--listen', `"${text}" has no address`)
  return { kind, address, port, ...(path === null ? {} : { path }) }
}

export function parseEndpoint(option: string, text: string): Endpoint {
  const { kind, address, port } = parsed(option, text)
  if (address === null || kind !== 'udp') throw invalid(option, `"${text}" is not an address`)
  return { address, port }
}

export type Servers = { readonly upstreams: readonly UpstreamServer[]; readonly routes: readonly UpstreamRoute[] }

/**
 * `SERVER` for all names, `DOMAIN=SERVER` for those of a domain. When none is for all names, those of /etc/resolv.conf are.
 * `ca` is the file of the authorities to trust in place of the system's. Without `bootstrap` no server is looked up by name.
 */
export async function parseServers(
  texts: readonly string[],
  bootstrap: readonly string[] | null,
  ca: string | undefined,
  system: () => Promise<readonly Endpoint[]> = systemServers,
): Promise<Servers> {
  const authorities = ca === undefined ? null : await readTextFile(ca, MOST_PEM_BYTES)
  const helping = bootstrap === null ? null : await bootstrapServers(bootstrap)
  const upstreams: UpstreamServer[] = []
  const routes = new Map<DomainName, UpstreamServer[]>()
  for (const text of texts) {
    const routed = /^\.?([^=/:#]+)=(.+)$/.exec(text)
    const servers = await serversOf(parsed('--upstream', routed?.[2] ?? text), helping, authorities)
    if (routed === null) {
      upstreams.push(...servers)
      continue
    }
    const domain = parseDomainName(routed[1]!)
    if (domain === null) throw invalid('--upstream', `"${routed[1]}" is not a domain`)
    routes.set(domain, [...(routes.get(domain) ?? []), ...servers])
  }
  if (upstreams.length === 0) upstreams.push(...(await system()))
  if (upstreams.length === 0) {
    throw new SallyportError('resolver-unavailable', 'there is no server to ask: /etc/resolv.conf names none', {
      remedy: 'Give --upstream ADDRESS.',
    })
  }
  return { upstreams, routes: [...routes].map(([domain, servers]) => ({ domains: [domain], servers })) }
}

async function serversOf(
  uri: ResolverUri,
  bootstrap: readonly UpstreamServer[] | null,
  authorities: string | null,
): Promise<readonly UpstreamServer[]> {
  const { address, serverName, ...rest } = uri
  if (address === null && bootstrap === null) {
    throw new SallyportError('target-invalid', `the server ${serverName} has no address`, {
      remedy: `Give it behind the name: ${uri.kind}://${serverName}${uri.path ?? ''}#192.0.2.53.`,
    })
  }
  const addresses =
    address === null ? await lookUpServer(serverName ?? '', bootstrap ?? [], AbortSignal.timeout(10_000)) : [address]
  if (addresses.length === 0) {
    throw new SallyportError('resolver-unavailable', `no address of the server ${serverName} can be found`, {
      remedy: `Give its address, as in ${uri.kind}://${serverName}#192.0.2.53, or a server that knows it with --bootstrap.`,
    })
  }
  return addresses.map((found) => ({
    ...rest,
    address: found,
    serverName,
    ...(authorities === null ? {} : { ca: authorities }),
  }))
}

async function bootstrapServers(texts: readonly string[]): Promise<readonly Endpoint[]> {
  return texts.length > 0 ? texts.map((text) => parseEndpoint('--bootstrap', text)) : await systemServers()
}

async function systemServers(): Promise<readonly Endpoint[]> {
  return upstreamsFromSystem(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
}

function parsed(option: string, text: string): ResolverUri {
  const uri = parseResolverUri(text)
  if ('problem' in uri) throw invalid(option, uri.problem)
  return uri
}

function invalid(option: string, problem: string): SallyportError {
  return new SallyportError('target-invalid', `${option}: ${problem}`, {
    remedy:
      'Write 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353, tls://192.0.2.53#dns.example or https://dns.example/dns-query.',
  })
}
