import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { isPrefix, parseDomainPattern, parsePrefix, type DomainPattern, type Prefix } from '@sallyport/net'

export type Feed = {
  readonly domains: readonly DomainPattern[]
  readonly prefixes: readonly Prefix[]
  readonly skippedCount: number
  /** The first lines that could not be used. */
  readonly skipped: readonly { readonly line: number; readonly reason: string }[]
}

const SHOWN_SKIPPED = 100
const MAX_LINE = 4096

/**
 * Plain domains, hosts-file lines, addresses, prefixes, `address:port`; `#` and `;` begin comments; `.gz` is unpacked. A name
 * counts for itself and for every name below it.
 */
export async function readFeed(file: string): Promise<Feed> {
  const raw = createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  raw.on('error', (error) => input.destroy(error))
  const domains: DomainPattern[] = []
  const prefixes: Prefix[] = []
  const skipped: { line: number; reason: string }[] = []
  let skippedCount = 0
  let number = 0
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++
    const entry = entryOf(line)
    if (entry === null) continue
    if (typeof entry === 'string') {
      skippedCount++
      if (skipped.length < SHOWN_SKIPPED) skipped.push({ line: number, reason: entry })
    } else if ('name' in entry) domains.push(entry)
    else prefixes.push(entry)
  }
  return { domains, prefixes, skippedCount, skipped }
}

const HOSTS_LINE = /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?|fe80::1%lo0)\s+(\S+)/
const ADDRESS_PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/

/** `null` is a line without an entry; a text is why the line cannot be used. */
function entryOf(line: string): DomainPattern | Prefix | string | null {
  if (line.length > MAX_LINE) return `longer than ${MAX_LINE} characters`
  const text = line.replace(/[#;].*$/, '').trim()
  if (text === '') return null
  const word = HOSTS_LINE.exec(text)?.[1] ?? ADDRESS_PORT.exec(text)?.[1] ?? text.split(',', 1)[0]!.trim()
  if (/^[\d.]+(\/\d+)?$/.test(word) || word.includes(':')) {
    const prefix = parsePrefix(word)
    return isPrefix(prefix) ? prefix : `not an address or prefix: ${word.slice(0, 80)}`
  }
  return parseDomainPattern(/^[.*]/.test(word) ? word : `.${word}`) ?? `not a domain name: ${word.slice(0, 80)}`
}
