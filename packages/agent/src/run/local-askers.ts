import type { ClientTransport, Endpoint, NameQuery } from '@sallyport/dns'
import { isIpv4, parseAddress } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { LocalClients, NOBODY_LOOKED_FOR, type LocalClientCounters } from '../host/local-clients.ts'
import { enforces } from '../up/host-policy.ts'
import type { AskedPolicy } from './asked-policy.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  /** Where the resolver answers; null before it does. */
  readonly resolver: () => { readonly v4: string; readonly v6: string | null; readonly port: number } | null
}

/** Units whose processes look names up for any other that asks them over a socket of their own (nss-resolve, nscd). */
const ASKING_FOR_OTHERS: ReadonlySet<string> = new Set(['systemd-resolved.service', 'nscd.service'])

/**
 * The processes of this host behind look-ups, for names about which the policy does not say the same to all of them. A look-up
 * carries data out whatever becomes of its answer, so who cannot be found out is refused where the policy enforces: the
 * socket of a sender that waits for no answer is gone by then.
 */
export class LocalAskers implements AsyncDisposable {
  readonly #options: Options
  #clients: LocalClients | null = null

  constructor(options: Options) {
    this.#options = options
  }

  /** Null where it does not matter. */
  whoAsks(query: NameQuery, transport: ClientTransport): Promise<Flow | 'unknown'> | null {
    const asked = this.#options.asked()
    if (!asked.asksWho || asked.judge.judge(query).verdict !== 'undetermined') return null
    return this.#find(query.client, transport, asked)
  }

  counters(): LocalClientCounters {
    return this.#clients?.counters() ?? NOBODY_LOOKED_FOR
  }

  async #find(
    client: Endpoint,
    transport: ClientTransport,
    { compiled, ofProcesses }: AskedPolicy,
  ): Promise<Flow | 'unknown'> {
    const unknown = enforces(compiled.policy) ? 'unknown' : {}
    const resolver = this.#options.resolver()
    const address = parseAddress(client.address)
    if (address === null || resolver === null) return unknown
    const remote = parseAddress((isIpv4(address) ? resolver.v4 : resolver.v6) ?? '')
    if (remote === null) return unknown
    this.#clients ??= new LocalClients()
    const found = await this.#clients.find(
      {
        transport: transport === 'udp' ? 'udp' : 'tcp',
        local: { address, port: client.port },
        remote: { address: remote, port: resolver.port },
      },
      ofProcesses.has('appSha256'),
    )
    if (found === null || [...ofProcesses].some((fact) => found[fact] === undefined)) return unknown
    // Judged as everybody: what could be anybody's look-up.
    return ASKING_FOR_OTHERS.has(found.unit ?? '') ? {} : found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clients?.[Symbol.asyncDispose]()
  }
}
