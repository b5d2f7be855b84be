import type { Destination } from '../http/request-target.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { JudgedAddress } from './judge-addresses.ts'
import { parentFor, type ParentProxy } from './parent-proxy.ts'

/** How a destination may be reached: at which judged addresses, and through whom. */
export type Way = {
  readonly destination: Destination
  readonly addresses: readonly JudgedAddress[]
  /** The next proxy; `null` where there is none for the host. */
  readonly parent: ParentProxy | null
}

export function wayTo({ options }: ProxyCore, destination: Destination, addresses: readonly JudgedAddress[]): Way {
  const parent = options.parents === undefined ? null : parentFor(options.parents, destination.host)
  return { destination, addresses, parent }
}
