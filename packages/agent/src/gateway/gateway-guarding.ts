import { replaceTable } from '@sallyport/kernel'
import { formatPrefix } from '@sallyport/net'
import { byMachine } from '../host/by-machine.ts'
import { resolverAddresses } from './gateway-resolver.ts'
import type { Guarding } from '../up/guarding.ts'
import { GatewayGuard, type GatewayGuardOptions, type GatewayStatistics } from './gateway-guard.ts'
import { gatewayTable } from './gateway-netfilter.ts'
import { guardedNetworks } from './guarded-networks.ts'

type Options = Omit<GatewayGuardOptions, 'onFlow'>

/** What passes from one interface to another. */
export function gatewayGuarding(options: Options): Guarding & { readonly statistics: () => GatewayStatistics | null } {
  let guard: GatewayGuard | null = null
  return {
    what: `${options.lan} to ${options.wan}`,
    statistics: () => guard?.statistics() ?? null,
    open: async (policy, world, onFlow) => {
      try {
        guard = await GatewayGuard.open({ ...options, onFlow }, policy, world)
        return guard
      } catch (error) {
        throw byMachine(error)
      }
    },
  }
}

/** What a gateway would do to this machine; nothing is changed. The port of the resolver is chosen at the start. */
export function plannedGateway(options: Options, enforce: boolean): object {
  try {
    const { networks, addresses } = guardedNetworks(options)
    const resolver = { ...resolverAddresses(addresses), port: 0 }
    return {
      program: { interface: options.lan, hook: 'tc ingress (clsact)' },
      offload: options.offload,
      networks: networks.all.map(formatPrefix),
      resolver: [resolver.v4, resolver.v6].filter((address) => address !== null),
      netfilter: replaceTable(gatewayTable(options, enforce, resolver)),
    }
  } catch (error) {
    throw byMachine(error)
  }
}
