import type { Address } from '@sallyport/net'
import type { Client } from '../client/client.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import type { Destination } from '../http/request-target.ts'
import type { Identity } from '../identity/identity.ts'

/** Where a tunnel leads in which plain HTTP is spoken: every request in it is judged, and goes there. */
export type TunnelRoute = { readonly destination: Destination; readonly identity: Identity; readonly address: Address }

export type HttpInTunnel = { readonly client: Client; readonly route: TunnelRoute; readonly upstream: Upstream }
