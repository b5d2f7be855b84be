import type { FeedFormat } from '@sallyport/policy'
import { detectFormat, detectJsonFormat } from './detect-format.ts'
import { FeedBuilder } from './feed-builder.ts'
import type { Feed, FeedChoice, InvalidFeed } from './feed.ts'
import { adblockReader } from './formats/adblock-reader.ts'
import { csvReader } from './formats/csv-reader.ts'
import { dnsmasqReader } from './formats/dnsmasq-reader.ts'
import { hostsReader } from './formats/hosts-reader.ts'
import { parseJsonDocument, type JsonDocument } from './formats/json-document.ts'
import type { LineReader } from './formats/line-reader.ts'
import { plainReader } from './formats/plain-reader.ts'
import { readMispEvents, readMispWarningList } from './formats/read-misp.ts'
import { readStix } from './formats/read-stix.ts'
import { rpzReader } from './formats/rpz-reader.ts'
import { unboundReader } from './formats/unbound-reader.ts'
import { decodeFeed } from './decode-feed.ts'

const LONGEST_LINE = 4096

type LineFormat = Exclude<FeedFormat, 'stix' | 'misp' | 'misp-warninglist'>

const LINE_READERS: Readonly<Record<LineFormat, (builder: FeedBuilder, choice: FeedChoice) => LineReader>> = {
  hosts: hostsReader,
  domains: plainReader,
  wildcard: plainReader,
  addresses: plainReader,
  adblock: adblockReader,
  dnsmasq: dnsmasqReader,
  unbound: unboundReader,
  rpz: rpzReader,
  csv: (builder, { column }) => csvReader(builder, column),
}

/** A list of any format. It never throws: a line that cannot be used is counted, a document that is no list is `invalid`. */
export function parseFeed(bytes: Uint8Array, choice: FeedChoice, nowMs: number): Feed | InvalidFeed {
  const decoded = decodeFeed(bytes)
  if ('invalid' in decoded) return decoded
  const { text, lineOf } = decoded
  const found = detectFormat(text)
  if (typeof found === 'object' && found.invalid !== 'json' && (choice.format === undefined || isNoList(found)))
    return found
  const isJson = typeof found === 'object' && found.invalid === 'json'
  const format = choice.format ?? (isJson ? null : (found as FeedFormat))
  const builder = new FeedBuilder(choice.kind)
  if (format === null || !isLineFormat(format)) {
    const document = parseJsonDocument(lineOf(0, text.length) ?? '')
    if ('invalid' in document) return document
    const known = format ?? detectJsonFormat(document.value)
    if (typeof known === 'object') return known
    readDocument(known, document, nowMs, builder)
    return builder.finish(known)
  }
  readLines(decoded, LINE_READERS[format](builder, choice), builder)
  return builder.finish(format)
}

/** Whatever format it is said to have. */
function isNoList({ invalid }: InvalidFeed): boolean {
  return /^(?:a page|the list)/.test(invalid)
}

function isLineFormat(format: FeedFormat): format is LineFormat {
  return Object.hasOwn(LINE_READERS, format)
}

function readDocument(format: FeedFormat, document: JsonDocument, nowMs: number, builder: FeedBuilder): void {
  if (format === 'stix') readStix(document, nowMs, builder)
  else if (format === 'misp') readMispEvents(document, builder)
  else readMispWarningList(document, builder)
}

function readLines(
  { text, lineOf }: Exclude<ReturnType<typeof decodeFeed>, InvalidFeed>,
  reader: LineReader,
  builder: FeedBuilder,
): void {
  const readLine = (from: number, to: number, number: number): void => {
    const isLong = to - from > LONGEST_LINE
    const line = isLong ? null : lineOf(from, to)
    if (line !== null) reader.line(line, number)
    else if (isLong) builder.unusable(number, `longer than ${LONGEST_LINE} octets`, text.slice(from, from + 80))
    else builder.unusable(number, 'not UTF-8', '')
  }
  let number = 0
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf('\n', from)
    const next = newline < 0 ? text.length : newline
    const to = next > from && text.charCodeAt(next - 1) === 13 ? next - 1 : next
    number++
    if (reader.quick?.(text, from, to) !== true) readLine(from, to, number)
    from = next + 1
  }
  reader.end?.()
}
