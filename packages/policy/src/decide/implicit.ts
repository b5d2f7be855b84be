import { isPrefix, parsePrefix, prefixContains, type Prefix } from '@sallyport/net'
import type { Flow } from '../flow.ts'

type ImplicitRule = {
  readonly id: string
  readonly what: string
  readonly prefixes: readonly Prefix[]
  /** UDP destination port; `null` is any transport and port. */
  readonly udpPort: number | null
}

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  if (!isPrefix(parsed)) throw new Error(`bad constant ${text}`)
  return parsed
}

/**
 * What leaves without a rule, because nothing works without it. The kernel also lets neighbour and router discovery and
 * path MTU errors through, which are not flows.
 */
export const IMPLICIT_RULES: readonly ImplicitRule[] = [
  { id: 'loopback', what: 'loopback', prefixes: [prefix('127.0.0.0/8'), prefix('::1')], udpPort: null },
  { id: 'dhcp', what: 'DHCP discovery', prefixes: [prefix('255.255.255.255')], udpPort: 67 },
  { id: 'dhcpv6', what: 'DHCPv6', prefixes: [prefix('ff02::1:2')], udpPort: 547 },
]

export function matchImplicit(flow: Flow): ImplicitRule | null {
  const { dst } = flow
  if (!dst) return null
  const found = IMPLICIT_RULES.find(
    (rule) =>
      rule.prefixes.some((candidate) => prefixContains(candidate, dst)) &&
      (rule.udpPort === null || (flow.transport === 'udp' && flow.port === rule.udpPort)),
  )
  return found ?? null
}
