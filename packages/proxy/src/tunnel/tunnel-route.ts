import type { Address } from '@sallyport/net'
import type { Refusal } from '../answers.ts'
import type { Client } from '../client/client.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import type { Destination } from '../http/request-target.ts'
import type { Identity } from '../identity/identity.ts'

/** Where a tunnel leads in which HTTP is read: every request in it is judged, and goes there. */
export type TunnelRoute = {
  readonly destination: Destination
  readonly identity: Identity
  readonly address: Address
  /** Of an inspected tunnel: another connection to the server, over TLS. */
  readonly open: (() => Promise<Upstream | Refusal>) | null
}

export type HttpInTunnel = {
  readonly client: Client
  readonly route: TunnelRoute
  /** `null` until the first request is let through. */
  readonly upstream: Upstream | null
}
