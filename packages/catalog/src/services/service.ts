/** What a vendor states of its service, and where. */
export type ServiceFact = {
  readonly source: string
  readonly domains: readonly string[]
  readonly prefixes: readonly string[]
  /** As in a policy: `tcp/443`, `udp/3478-3481`. */
  readonly ports: readonly string[]
}

/** A SaaS application or cloud. */
export type Service = { readonly title: string; readonly facts: readonly ServiceFact[] }

const WEB_PORTS = 'tcp/443 udp/443'

type Stated = { readonly domains?: string; readonly prefixes?: string; readonly ports?: string }

export function service(title: string, ...facts: readonly ServiceFact[]): Service {
  return { title, facts }
}

/** Words separated by spaces; ports are those of the web unless others are stated. */
export function fact(source: string, { domains = '', prefixes = '', ports = WEB_PORTS }: Stated): ServiceFact {
  return { source, domains: words(domains), prefixes: words(prefixes), ports: words(ports) }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** Names alone, over the web, and on what other ports are given. */
export function web(title: string, domains: string, source: string, more = ''): Service {
  return service(title, fact(source, { domains, ports: `${WEB_PORTS} ${more}` }))
}
