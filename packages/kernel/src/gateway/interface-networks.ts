import { addressScope, isPrefix, parseAddress, parsePrefix, type Address, type Prefix } from '@sallyport/net'
import { ip } from './network-interface.ts'

export type InterfaceNetworks = {
  /** Its own addresses, but link-local ones. */
  readonly addresses: readonly Address[]
  /** What its routes say is behind it. */
  readonly networks: readonly Prefix[]
  /** Those of them that need no other router. */
  readonly onLink: readonly Prefix[]
}

type Route = { readonly dst: string; readonly gateway?: string }
type Shown = { readonly addr_info?: readonly { readonly local?: string }[] }

/** As the routes of the main table say it: what is not of these networks cannot come from this interface. */
export function interfaceNetworks(name: string): InterfaceNetworks {
  const shown = ip<Shown>('addr', 'show', 'dev', name)
  const addresses = shown
    .flatMap((each) => each.addr_info ?? [])
    .flatMap(({ local }) => parseAddress(local ?? '') ?? [])
    .filter((address) => addressScope(address) !== 'link-local')
  const routes = [...ip<Route>('-4', 'route', 'show', 'dev', name), ...ip<Route>('-6', 'route', 'show', 'dev', name)]
  return { addresses, networks: prefixes(routes), onLink: prefixes(routes.filter(({ gateway }) => !gateway)) }
}

function prefixes(routes: readonly Route[]): readonly Prefix[] {
  return routes
    .map(({ dst }) => parsePrefix(dst))
    .filter(isPrefix)
    .filter(({ address }) => !['link-local', 'multicast'].includes(addressScope(address)))
}
