import { parseDomainPattern, parsePortRange, type DomainPattern } from '@sallyport/net'
import { EMPTY_WORLD, PLAIN_RULE, type NamedSet, type Policy, type Rule, type World } from '@sallyport/policy'

const BASE: Omit<Rule, 'id'> = { ...PLAIN_RULE, action: 'allow', position: { file: 'bench', line: 1, column: 1 } }

/** `count` rules: user group × domain × port, after one rule that denies a feed. */
export function largePolicy(count: number): Policy {
  const rules: Rule[] = [{ ...BASE, id: 'feed', action: 'deny', to: [{ feed: ['malware'] }] }]
  for (let i = 0; i < count; i++) {
    rules.push({
      ...BASE,
      id: `r${i}`,
      from: [{ user: [`user${i % 100}`] }],
      to: [{ domain: [parseDomainPattern(`.site${i}.example.com`)!] }],
      ports: [parsePortRange(i % 3 === 0 ? '443' : i % 3 === 1 ? 'tcp/8443' : '80')!],
    })
  }
  return { layers: [{ name: 'bench', mode: 'enforce', default: 'deny', rules, tests: [], file: 'bench' }] }
}

export function worldWithFeed(domains: readonly string[]): World {
  const patterns = domains.map(parseDomainPattern).filter((pattern): pattern is DomainPattern => pattern !== null)
  const malware: NamedSet = { domains: patterns, prefixes: [] }
  return { ...EMPTY_WORLD, feed: (name) => (name === 'malware' ? malware : null) }
}
