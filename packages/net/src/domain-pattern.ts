import { parseDomainName, type DomainName } from './domain-name.ts'

/** `example.com` is that name, `*.example.com` every name below it, `.example.com` both. */
export type DomainPattern = { readonly kind: 'name' | 'below' | 'both'; readonly name: DomainName }

export function parseDomainPattern(text: string): DomainPattern | null {
  const kind = text.startsWith('*.') ? 'below' : text.startsWith('.') ? 'both' : 'name'
  const name = parseDomainName(kind === 'below' ? text.slice(2) : kind === 'both' ? text.slice(1) : text)
  return name === null ? null : { kind, name }
}

export function matchDomain(pattern: DomainPattern, name: DomainName): boolean {
  if (name === pattern.name) return pattern.kind !== 'below'
  return pattern.kind !== 'name' && name.endsWith(`.${pattern.name}`)
}

export function formatDomainPattern(pattern: DomainPattern): string {
  return pattern.kind === 'below' ? `*.${pattern.name}` : pattern.kind === 'both' ? `.${pattern.name}` : pattern.name
}
