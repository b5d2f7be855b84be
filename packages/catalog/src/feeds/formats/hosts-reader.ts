import { parseAddress } from '@sallyport/net'
import type { FeedBuilder } from '../feed-builder.ts'
import { patternOfText } from './destination-of-text.ts'
import type { LineReader } from './line-reader.ts'
import { isNullAddress } from './null-address.ts'

/** What every hosts file names of the host itself. */
const OWN_NAMES = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost6',
  'local',
  'broadcasthost',
  'ip6-localhost',
  'ip6-loopback',
  'ip6-localnet',
  'ip6-mcastprefix',
  'ip6-allnodes',
  'ip6-allrouters',
  'ip6-allhosts',
  '0.0.0.0',
])
const STARTS = ['0.0.0.0 ', '127.0.0.1 ', '0.0.0.0\t', '127.0.0.1\t'] as const

/** hosts(5): an address, and the names that it is given. */
export function hostsReader(builder: FeedBuilder): LineReader {
  return {
    quick: (text, from, to) => {
      const start = STARTS.find((each) => text.startsWith(each, from))
      if (start === undefined || text.endsWith('localdomain', to)) return false
      return builder.blockText('both', text, from + start.length, to)
    },
    line: (text, number) => {
      const content = text.replace(/#.*$/, '').trim()
      if (content === '') return
      if (!hostsLine(content, number, text, builder)) builder.unusable(number, 'not an address with names', text)
    },
  }
}

/** `false`: the line is none of a hosts file. */
export function hostsLine(content: string, number: number, text: string, builder: FeedBuilder): boolean {
  const [address, ...names] = content.split(/\s+/)
  if (names.length === 0 || (parseAddress(address!) === null && !isNullAddress(address!))) return false
  const isBlock = isNullAddress(address!)
  for (const each of names) {
    if (OWN_NAMES.has(each.toLowerCase())) continue
    if (!isBlock) {
      builder.unusable(number, 'gives the name an address instead of refusing it', text)
      continue
    }
    const pattern = patternOfText(each)
    if ('name' in pattern) builder.block(pattern.kind, pattern.name, number, text)
    else builder.unusable(number, 'reason' in pattern ? pattern.reason : 'not a domain name', text)
  }
  return true
}
