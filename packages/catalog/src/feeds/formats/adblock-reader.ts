import type { DomainName, DomainPattern, Prefix } from '@sallyport/net'
import { nameOfText } from '../domain-list.ts'
import type { FeedBuilder } from '../feed-builder.ts'
import { adblockOptions } from './adblock-options.ts'
import { prefixesOfText } from './destination-of-text.ts'
import { hostsLine } from './hosts-reader.ts'
import type { LineReader } from './line-reader.ts'

const COSMETIC = /#[@?$%]*#|\$\$|#@?%#/
const COMMENT = /^(?:!|\[(?:adblock|adguard|ublock)|#(?:[^#@?$%]|$))/i

/** Adblock syntax as DNS filters read it (AdGuard's "DNS filtering rules syntax"). */
export function adblockReader(builder: FeedBuilder): LineReader {
  return {
    quick: (text, from, to) =>
      text.startsWith('||', from) && text.endsWith('^', to) && builder.blockText('both', text, from + 2, to - 1),
    line: (text, number) => {
      const content = text.trim()
      if (content === '' || COMMENT.test(content)) return
      if (COSMETIC.test(content)) return builder.unusable(number, 'a rule about the look of pages', text)
      if (/^[0-9a-f.:%]+\s+\S/i.test(content) && hostsLine(content.replace(/#.*$/, ''), number, text, builder)) return
      adblockRule(content, number, text, builder)
    },
  }
}

function adblockRule(content: string, number: number, text: string, builder: FeedBuilder): void {
  const isException = content.startsWith('@@')
  const body = isException ? content.slice(2) : content
  if (/^\/.*\/(\$[a-z].*)?$/.test(body)) return builder.unusable(number, 'a regular expression', text)
  const dollar = body.lastIndexOf('$')
  const options = adblockOptions(dollar < 0 ? '' : body.slice(dollar + 1))
  if ('reason' in options) return builder.unusable(number, options.reason, text)
  const target = targetOf(dollar < 0 ? body : body.slice(0, dollar))
  if ('reason' in target) return builder.unusable(number, target.reason, text)
  const { isImportant, isBadFilter, denyAllow, types } = options
  if ('prefixes' in target) {
    if (isBadFilter || denyAllow.length > 0 || types !== null)
      return builder.unusable(number, 'an option that addresses do not take', text)
    for (const prefix of target.prefixes) {
      if (isException) builder.exceptPrefix(prefix, number, text)
      else builder.blockPrefix(prefix, number, text)
    }
    return
  }
  const rule = { pattern: target, isException, isImportant, denyAllow, types }
  if (isBadFilter) builder.cancel(rule)
  else if (isException || isImportant || denyAllow.length > 0 || types !== null) builder.rule(rule, number, text)
  else builder.block(target.kind, target.name, number, text)
}

type Target = DomainPattern | { readonly prefixes: readonly Prefix[] } | { readonly reason: string }

function targetOf(pattern: string): Target {
  const parts = /^(\|\||\||(?:https?|wss?)?:\/\/)?(.*?)(\^?\|?)$/s.exec(pattern)!
  const [, anchor = '', host = '', end = ''] = parts
  if (host === '' || host === '*') return { reason: 'a pattern of every name' }
  const prefixes = prefixesOfText(host)
  if (prefixes !== null) return prefixes
  const isBelow = host.startsWith('*.')
  const bare = isBelow ? host.slice(2) : host.startsWith('.') ? host.slice(1) : host
  if (bare.includes('*')) return { reason: 'a wildcard inside a name' }
  if (/[/?=&:,]/.test(bare)) return { reason: 'a path, a port or a part of a URL; a list names hosts' }
  const name = nameOfText(bare)
  if (name === null) return { reason: 'not a domain name' }
  const isBare = anchor === '' && end === ''
  if (isBare && !name.includes('.')) return { reason: 'a part of any name' }
  return { name: name as DomainName, kind: kindOf(anchor, isBelow) }
}

/** `|name^` begins and ends the name; `||name^` begins at any label of it. */
function kindOf(anchor: string, isBelow: boolean): DomainPattern['kind'] {
  if (isBelow) return 'below'
  return anchor === '|' || anchor.endsWith('://') ? 'name' : 'both'
}
