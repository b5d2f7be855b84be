import { matchDomain, type DomainPattern, type Host } from '@sallyport/net'

export const PARENT_SCHEMES = ['http', 'https', 'socks5', 'socks5h'] as const

/** Another proxy that connections go through. */
export type ParentProxy = {
  /** `socks5` is told the address that was judged, all others the host as it was asked for. */
  readonly scheme: (typeof PARENT_SCHEMES)[number]
  /** `null`: all hosts that no other parent is for. */
  readonly domain: DomainPattern | null
  readonly host: string
  readonly port: number
  readonly credentials: { readonly user: string; readonly password: string } | null
  /** Authorities of its certificate in PEM, beside the usual ones. */
  readonly ca?: string | null
}

/** What records call it. */
export function parentName({ host, port }: ParentProxy): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The first parent whose domain the host is in, else one for all. */
export function parentFor(parents: readonly ParentProxy[], host: Host): ParentProxy | null {
  const named = parents.find(({ domain }) => domain !== null && host.kind === 'name' && matchDomain(domain, host.name))
  return named ?? parents.find(({ domain }) => domain === null) ?? null
}
