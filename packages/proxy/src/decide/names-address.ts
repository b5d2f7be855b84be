import { addressScope, lastAddress, prefixContains, type Address } from '@sallyport/net'
import type { Rule } from '@sallyport/policy'

/**
 * Whether the rule means this address of no public scope: one of its prefixes holds it and nothing of another scope. So
 * `0.0.0.0/0`, a country or a rule without `to` open the Internet, and none of the networks beside it.
 */
export function namesAddress(rule: Rule, address: Address): boolean {
  const scope = addressScope(address)
  return (rule.to ?? []).some((term) =>
    term.ip?.some(
      (prefix) =>
        prefixContains(prefix, address) &&
        addressScope(prefix.address) === scope &&
        addressScope(lastAddress(prefix)) === scope,
    ),
  )
}
