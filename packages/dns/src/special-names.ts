import type { DomainName } from '@sallyport/net'

/** What is answered here and asked of nobody. */
export type SpecialAnswer = 'nxdomain' | 'nodata' | 'loopback'

/**
 * By these, browsers and systems ask whether they may use a resolver of their own: an answer would say yes. Mozilla's
 * canary domain, and those of Apple's private relay.
 */
const CANARIES: readonly string[] = ['use-application-dns.net', 'mask.icloud.com', 'mask-h2.icloud.com']

/** Names whose answers are the same everywhere (RFC 6761 §6.3 and §6.4, RFC 7686 §2). */
const SPECIAL: ReadonlyMap<string, SpecialAnswer> = new Map([
  ['localhost', 'loopback'],
  ['invalid', 'nxdomain'],
  ['onion', 'nxdomain'],
  // RFC 9462 §6.4: an answer of an upstream would lead clients past this resolver.
  ['resolver.arpa', 'nodata'],
])

export function specialAnswer(name: DomainName, canaries: boolean): SpecialAnswer | null {
  if (canaries && CANARIES.includes(name)) return 'nxdomain'
  const labels = name.split('.')
  return SPECIAL.get(labels.at(-1)!) ?? SPECIAL.get(labels.slice(-2).join('.')) ?? null
}
