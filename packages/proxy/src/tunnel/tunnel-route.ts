import type { Address } from '@sallyport/net'
import type { Refusal } from '../answers.ts'
import type { Client, Peer } from '../client/client.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import type { Answerer } from '../http/answerer.ts'
import type { KeptUpstreams } from '../http/kept-upstreams.ts'
import type { Destination } from '../http/request-target.ts'
import type { Identity } from '../identity/identity.ts'

export type OpenServer = (
  kept: KeptUpstreams,
  how: { readonly mustBeHttp1: boolean; readonly mayReuse: boolean },
) => Promise<Answerer | Refusal>

/** Where a tunnel leads in which HTTP is read: every request in it is judged, and goes there. */
export type TunnelRoute = {
  readonly destination: Destination
  readonly identity: Identity
  readonly address: Address
  /** Of an inspected tunnel: the way to the server over TLS. */
  readonly open: OpenServer | null
}

export type HttpInTunnel =
  | {
      readonly version: 1
      readonly client: Client
      readonly route: TunnelRoute
      /** `null` until the first request is let through. */
      readonly upstream: Upstream | null
    }
  | { readonly version: 2; readonly peer: Peer; readonly route: TunnelRoute }
