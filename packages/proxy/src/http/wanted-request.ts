import type { Host } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { fieldValues, listMembers, type RequestHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { clientFacts, type Peer } from '../client/client.ts'
import type { LookUpNames } from '../connect/judge-addresses.ts'
import type { Identity } from '../identity/identity.ts'
import { hostText } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TunnelRoute } from '../tunnel/tunnel-route.ts'
import { isRefusal, parseAbsoluteTarget, parseTunnelledTarget, type Destination } from './request-target.ts'

/** Where a request wants to go, and what it asks for there. */
export type Wanted = {
  readonly destination: Destination
  readonly target: string
  readonly path: string
  readonly said: Host | null
}

export function wantedOf(head: RequestHead, route: TunnelRoute | null): Wanted | Refusal {
  if (route === null) {
    const target = parseAbsoluteTarget(head)
    return isRefusal(target)
      ? target
      : { destination: target, target: target.path, path: target.path, said: target.host }
  }
  const origin = parseTunnelledTarget(head)
  return isRefusal(origin)
    ? origin
    : { destination: route.destination, target: origin.target, path: origin.path, said: origin.host }
}

export function checkMethod(core: ProxyCore, head: RequestHead): Refusal | null {
  if (head.method === 'TRACE' || head.method === 'CONNECT')
    return refusal('unsupported-method', `${head.method} is not passed on`)
  if (listMembers(head.fields, 'via').some((hop) => hop.split(/\s+/)[1] === core.via)) return refusal('loop')
  return null
}

/** The name is what the request says; only the name that the address was looked up for is bound to it. */
export function requestFacts(
  peer: Peer,
  identity: Identity,
  head: RequestHead,
  { destination, said }: Wanted,
  path: string,
): Flow {
  const { host, port } = destination
  const stated = said ?? host
  const [contentType] = fieldValues(head.fields, 'content-type')
  return {
    ...clientFacts(peer, identity),
    port,
    domain: stated.kind === 'name' ? stated.name : null,
    boundNames: host.kind === 'name' ? [host.name] : [],
    http: {
      host: hostText(stated),
      path,
      method: head.method,
      contentType: contentType?.split(';', 1)[0]!.trim().toLowerCase() ?? null,
    },
  }
}

/** A tunnel leads to one address, whatever its name has become since. */
export function pinned(route: TunnelRoute): LookUpNames {
  const answer = { kind: 'addresses', addresses: [route.address], ttlSeconds: 0 } as const
  return { lookUp: () => answer }
}
