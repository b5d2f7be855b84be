import { interfaceNetworks, networkInterface } from '@sallyport/kernel'
import { isIpv4, type Prefix } from '@sallyport/net'
import type { GuardedNetworks } from './client-table.ts'

export type InterfaceAddresses = ReturnType<typeof interfaceNetworks>['addresses']

type GuardedInterfaces = {
  readonly lan: string
  readonly wan: string
  /** Prefixes behind the interface, instead of what its routes say. */
  readonly networks: readonly Prefix[]
}

/** What is behind the interface, and its own addresses. Throws when an interface is not there. */
export function guardedNetworks({ lan, wan, networks }: GuardedInterfaces): {
  readonly networks: GuardedNetworks
  readonly addresses: InterfaceAddresses
} {
  for (const name of [lan, wan]) networkInterface(name)
  const found = interfaceNetworks(lan)
  const all = networks.length > 0 ? networks : found.networks
  return { addresses: found.addresses, networks: { all, onLink: found.onLink } }
}

/** The families that have a prefix in it. */
export function families({ all }: GuardedNetworks): { readonly ipv4: boolean; readonly ipv6: boolean } {
  return { ipv4: all.some(({ address }) => isIpv4(address)), ipv6: all.some(({ address }) => !isIpv4(address)) }
}
