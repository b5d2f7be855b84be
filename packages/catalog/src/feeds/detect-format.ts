import type { FeedFormat } from '@sallyport/policy'
import type { InvalidFeed } from './feed.ts'
import { isObject, type JsonObject } from './formats/json-document.ts'

const SAMPLE_LINES = 400
/** The signs look back and forth in a line, so it must be short. */
const SAMPLE_CHARACTERS = 256
/** From the most particular to the most general: of equal votes, the earlier wins. */
const SIGNS: readonly (readonly [FeedFormat, RegExp])[] = [
  ['adblock', /^(?:@@)?\|\|?[^|]|\^(?:\$[a-z~,=|]+)?$|^[^\s#]*#[@?$%]*#/],
  ['rpz', /\s(?:CNAME\s+(?:\.|\*\.|rpz-)|SOA\s)|^\$(?:TTL|ORIGIN)\s/i],
  ['dnsmasq', /^(?:address|server|local|bogus-nxdomain|ignore-address)=/],
  ['unbound', /^\s*(?:local-zone|local-data|server):/],
  [
    'hosts',
    /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*(?:%\w+)?)\s+(?:\S*[a-z]\S*\.\S|\S*\.[a-z]|localhost|local$|ip6-|broadcasthost)/i,
  ],
  ['addresses', /^(?:\[?[0-9a-f]*:[0-9a-f:.]*(?![0-9a-f:.%])\]?|\d{1,3}(?:\.\d{1,3}){3})(?:[/-]|:\d|\s|$|;|,)/i],
  ['wildcard', /^\*\.[^\s,;|]+$/],
  ['csv', /^[^,;\t|]*(?:[,;\t|][^,;\t|]*)+$/],
  ['domains', /^\.?[^\s,;|/]+\.[^\s,;|/]+\.?(?:\s*#.*)?$/],
]

/** The format of a text, by its own lines. */
export function detectFormat(text: string): FeedFormat | InvalidFeed {
  const head = text.slice(0, 65_536).trimStart()
  if (head === '') return { invalid: 'the list is empty' }
  if (/^<(?:!doctype|html|\?xml|head|body|!--)/i.test(head)) return { invalid: 'a page of HTML or XML, not a list' }
  if (/^[{[]\s*(?:["{[\]}]|$)/.test(head)) return { invalid: 'json' }
  if (/^\[(?:adblock|adguard|ublock)/i.test(head)) return 'adblock'
  const lines = head
    .split(/\r?\n/)
    .map((line) => line.slice(0, SAMPLE_CHARACTERS))
    .filter((line) => line.trim() !== '' && !/^\s*(?:[#;!]|\/\/)/.test(line))
  const sample = lines.slice(0, SAMPLE_LINES)
  // Comments alone: a list that is yet to be filled, whatever its format.
  if (sample.length === 0) return /^[ \t]*!/m.test(head) ? 'adblock' : 'domains'
  const votes = SIGNS.map(([format, sign]) => [format, sample.filter((line) => sign.test(line)).length] as const)
  const [best, count] = votes.reduce((a, b) => (b[1] > a[1] ? b : a))
  return count * 4 >= sample.length ? best : { invalid: 'the format cannot be told; name it with `format`' }
}

/** The format of a JSON document. */
export function detectJsonFormat(value: unknown): FeedFormat | InvalidFeed {
  const first = Array.isArray(value) ? (value as readonly unknown[])[0] : value
  if (!isObject(first)) return { invalid: 'JSON that is neither STIX nor MISP' }
  if (Array.isArray(first['objects']) || isStixObject(first)) return 'stix'
  if (Array.isArray(first['list']) && typeof first['type'] === 'string') return 'misp-warninglist'
  if (isObject(first['Event']) || Array.isArray(first['Attribute']) || Array.isArray(first['response'])) return 'misp'
  if (Object.values(first).some((each) => isObject(each) && 'Orgc' in each)) {
    return { invalid: 'the index of a MISP feed; give the address of an event' }
  }
  return { invalid: 'JSON that is neither STIX nor MISP' }
}

function isStixObject({ type, id }: JsonObject): boolean {
  return typeof type === 'string' && typeof id === 'string' && id.startsWith(`${type}--`)
}
