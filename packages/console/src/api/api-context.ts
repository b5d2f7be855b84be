import type { FeedStore } from '@sallyport/catalog'
import type { DeliveryStatus } from '@sallyport/deliver'
import type { FlowStore, StateStore } from '@sallyport/store'
import type { Policy, World } from '@sallyport/policy'
import type { NetworkNames } from '../desk/network-names.ts'
import type { Overview } from './overview.ts'
import type { OverviewMemory } from './overview-memory.ts'
import type { OidcSignIn } from '../oidc/oidc-sign-in.ts'
import type { DeskEvents } from '../desk/desk-events.ts'

/** What the API answers from. */
export type ApiContext = {
  readonly flows: FlowStore
  readonly state: StateStore
  readonly events: DeskEvents
  /** Copies of feeds; read only, the host writes them. */
  readonly feeds: FeedStore
  /** Names of autonomous systems. */
  readonly networkNames: NetworkNames
  /** Of the process that guards this host. */
  readonly askHost: (path: string, body?: object) => Promise<unknown>
  readonly worldFor: (policy: Policy) => Promise<World>
  readonly deliveries: () => { readonly alerts: readonly DeliveryStatus[]; readonly flows: readonly DeliveryStatus[] }
  readonly overviews: OverviewMemory<Overview>
  /** Null: there are local accounts only. */
  readonly oidc: OidcSignIn | null
  readonly nowMs: () => number
}
