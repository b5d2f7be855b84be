import { parse } from 'tldts'
import { formatDomainPattern, formatPrefix } from '@sallyport/net'
import type { DestinationTerm, Rule } from '@sallyport/policy'
import { finding, type Finding } from '../finding.ts'

/** An allow rule that lets more through than its author probably meant. */
export function wideAllow(rule: Rule): readonly Finding[] {
  if (rule.action !== 'allow') return []
  if (rule.to === null) {
    const anyPort = rule.ports === null ? ' on every port' : ''
    return rule.from === null || rule.ports === null
      ? [finding('wide-allow', 'warning', rule, `allows every destination${anyPort}; add \`to\``)]
      : []
  }
  return rule.to.flatMap((term) => [...widePrefixes(rule, term), ...publicSuffixes(rule, term)])
}

function widePrefixes(rule: Rule, term: DestinationTerm): readonly Finding[] {
  if (Object.keys(term).length > 1) return []
  const wide = (term.ip ?? []).filter(({ length, address }) =>
    address.words[2] === 0xffff && length >= 96 ? length < 96 + 8 : length < 16,
  )
  return wide.map((prefix) =>
    finding('wide-allow', 'warning', rule, `${formatPrefix(prefix)} is a large part of the internet`),
  )
}

/** Anyone can have a name below a public suffix, `github.io` as well as `com`. */
function publicSuffixes(rule: Rule, term: DestinationTerm): readonly Finding[] {
  return (term.domain ?? [])
    .filter(({ kind, name }) => kind !== 'name' && parse(name, { allowPrivateDomains: true }).publicSuffix === name)
    .map((pattern) =>
      finding(
        'wide-allow',
        'warning',
        rule,
        `${formatDomainPattern(pattern)} covers a public suffix: anyone can register a name below it`,
      ),
    )
}
