import type { DomainPattern } from '@sallyport/net'
import { nameOfText } from '../domain-list.ts'
import type { FeedBuilder } from '../feed-builder.ts'
import { prefixesOfText } from './destination-of-text.ts'
import type { LineReader } from './line-reader.ts'
import { isNullAddress } from './null-address.ts'

const LINE = /^(?:--)?([a-z0-9-]+)\s*=\s*(.*)$/
const FAST_START = 'address=/'

/** dnsmasq(8): `address=/name/…`, `server=/name/…`, `local=/name/`, `bogus-nxdomain=`. The nearest line decides. */
export function dnsmasqReader(builder: FeedBuilder): LineReader {
  return {
    line: (text, number) => {
      if (text.startsWith(FAST_START)) {
        const end = text.indexOf('/', FAST_START.length)
        const rest = text.length - end - 1
        const isNull = end > 0 && (rest === 0 || (rest === 1 && text.endsWith('#')))
        if (isNull && builder.blockText('both', text, FAST_START.length, end)) return
      }
      const content = text.replace(/(?:^|\s)#.*$/, '').trim()
      if (content === '') return
      const parts = LINE.exec(content)
      if (parts === null) builder.unusable(number, 'not a line of dnsmasq', text)
      else option(parts[1]!, parts[2]!, number, text, builder)
    },
  }
}

function option(key: string, value: string, number: number, text: string, builder: FeedBuilder): void {
  if (key === 'bogus-nxdomain' || key === 'ignore-address') {
    const found = prefixesOfText(value)
    if (found === null || 'reason' in found) builder.unusable(number, 'not an address or prefix', text)
    else for (const prefix of found.prefixes) builder.blockPrefix(prefix, number, text)
    return
  }
  if (!['address', 'server', 'local'].includes(key) || !value.startsWith('/')) {
    return builder.unusable(number, 'an option that refuses no name', text)
  }
  const names = value.slice(1).split('/')
  const answer = names.pop()!
  const isBlock = answer === '' || (key === 'address' && (answer === '#' || isNullAddress(answer)))
  if (!isBlock && !(key === 'server' && answer === '#')) {
    return builder.unusable(number, 'answers the name, or asks elsewhere, instead of refusing it', text)
  }
  for (const each of names) {
    const isBelow = each.startsWith('*.')
    const name = nameOfText(isBelow ? each.slice(2) : each.startsWith('.') ? each.slice(1) : each)
    const kind: DomainPattern['kind'] = isBelow ? 'below' : 'both'
    if (name === null) builder.unusable(number, 'not a domain name', text)
    else if (isBlock) builder.block(kind, name, number, text)
    else builder.except(kind, name)
  }
}
