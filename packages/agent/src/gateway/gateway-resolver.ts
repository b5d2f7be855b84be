import type { Binding, ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import { formatAddress, isIpv4, type Address } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { startOnFreePort, type LocalForwarder } from '../run/local-forwarder.ts'
import { nameJudgement } from '../run/name-judgement.ts'
import { recordedClient } from './forwarded-flow.ts'
import type { GatewayPolicy } from './gateway-policy.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly policy: () => GatewayPolicy
  /** Of the interface of the guarded network; the first of each family is where questions go. */
  readonly addresses: readonly Address[]
  readonly service: ForwarderService
  readonly onFlow: (record: FlowRecord) => void
  readonly onWarning: (text: string) => void
}

export type ResolverAddresses = { readonly v4: string | null; readonly v6: string | null }

/** The resolver to which all questions of the guarded network are turned, whatever server was asked. */
export async function startGatewayResolver(options: Options): Promise<LocalForwarder> {
  const { policy, addresses, service, onFlow, onWarning } = options
  const { v4, v6 } = resolverAddresses(addresses)
  const judgement = nameJudgement({
    asked: () => policy().asked,
    recorded: (client) => ({ ...recordedClient(policy().clientAt(client)), src: client.address }),
    refusal: { kind: 'nxdomain' },
    onFlow,
    onWarning,
  })
  const bind = (bindings: readonly Binding[]): void => policy().bind(bindings)
  return startOnFreePort({ ...service, bind, ...judgement }, v4, v6)
}

/** Throws `resolver-unavailable` when the interface has no address. */
export function resolverAddresses(addresses: readonly Address[]): ResolverAddresses {
  const first = (ofIpv4: boolean): string | null => {
    const found = addresses.find((address) => isIpv4(address) === ofIpv4)
    return found === undefined ? null : formatAddress(found)
  }
  const [v4, v6] = [first(true), first(false)]
  if (v4 === null && v6 === null)
    throw new SallyportError('resolver-unavailable', 'the interface of the guarded network has no address', {
      remedy: 'Give it one: `ip address add 192.0.2.1/24 dev IF`.',
    })
  return { v4, v6 }
}
