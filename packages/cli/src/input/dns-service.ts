import { isDeepStrictEqual } from 'node:util'
import type { ClientRate, Endpoint, ForwarderService, Strategy } from '@sallyport/dns'
import { SallyportError, type DnsSettings } from '@sallyport/policy'
import { localClients, parseClients } from './dns-settings.ts'
import { parseServers, type Servers } from './resolver-addresses.ts'
import { trustAnchors } from './trust-anchors.ts'

export type ServiceOptions = {
  readonly upstream: readonly string[]
  /** Servers that know those given by name; `null` when names are not looked up. */
  readonly bootstrap: readonly string[] | null
  readonly upstreamCa?: string
  /** Who is asked when nothing says whom; those of /etc/resolv.conf unless given. */
  readonly system?: () => Promise<readonly Endpoint[]>
  readonly strategy?: Strategy
  readonly client: readonly string[]
  readonly clientRate?: string
  readonly validate?: boolean
  readonly trustAnchor?: string
}

/** Whom the resolver asks and serves: what the command line says, else the policy. */
export class DnsService {
  readonly #options: ServiceOptions
  #asked: { readonly texts: readonly string[]; readonly servers: Servers } | null = null

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  /** Files and names of servers are read anew, names only when others are asked or `afresh`: a feed needs no look-up. */
  async read(settings: DnsSettings, afresh: boolean): Promise<ForwarderService> {
    const { strategy, validate, trustAnchor, client } = this.#options
    const servers = await this.#servers(settings, afresh)
    const anchors = await trustAnchors(trustAnchor, validate ?? settings.validate ?? false)
    const clients = client.length > 0 ? parseClients(client) : (settings.clients ?? localClients())
    const clientRate = rateOf(this.#options, settings)
    return {
      ...servers,
      strategy: strategy ?? settings.strategy ?? 'order',
      ...(anchors === null ? {} : { validate: anchors }),
      ...(clients === null ? {} : { clients }),
      ...(clientRate === null ? {} : { clientRate }),
    }
  }

  async #servers(settings: DnsSettings, afresh: boolean): Promise<Servers> {
    const { upstream, bootstrap, upstreamCa, system } = this.#options
    const texts = upstream.length > 0 ? upstream : upstreamTexts(settings)
    if (!afresh && this.#asked !== null && isDeepStrictEqual(texts, this.#asked.texts)) return this.#asked.servers
    const servers = await parseServers(texts, bootstrap, upstreamCa, system)
    this.#asked = { texts, servers }
    return servers
  }
}

/** As `--upstream` writes them. */
function upstreamTexts({ upstreams = [], routes = [] }: DnsSettings): readonly string[] {
  return [...upstreams, ...routes.flatMap((route) => route.upstreams.map((server) => `${route.domain}=${server}`))]
}

/** A client may ask for as many at once as in two seconds: a page has many names. */
function rateOf({ clientRate }: ServiceOptions, settings: DnsSettings): ClientRate | null {
  const perSecond = clientRate === undefined ? (settings.clientRate ?? null) : Number(clientRate)
  if (perSecond === null) return null
  if (perSecond >= 1 && perSecond <= 1_000_000) return { perSecond, burst: perSecond * 2 }
  throw new SallyportError('usage', `--client-rate "${clientRate}" is not a number from 1 to 1000000`)
}
