import { nameOfText } from '../domain-list.ts'
import type { FeedBuilder } from '../feed-builder.ts'
import type { LineReader } from './line-reader.ts'
import { isNullAddress } from './null-address.ts'

const REFUSING = new Set(
  'static deny refuse redirect inform_deny always_refuse always_nxdomain always_nodata always_deny always_null'.split(
    ' ',
  ),
)
const LETTING = new Set('transparent typetransparent always_transparent inform nodefault'.split(' '))
const FAST_LINE = /^local-zone: "([^" ]+?)\.?" always_n(?:ull|xdomain)$/
const LINE = /^([a-z-]+):\s*(.*)$/
const ZONE = /^"?([^"\s]+)"?\s+"?([a-z_]+)"?$/
const RECORD = /^(?:"([^"]*)"|'([^']*)')$/

/** unbound.conf(5): `local-zone` and `local-data`. The nearest zone decides. */
export function unboundReader(builder: FeedBuilder): LineReader {
  return {
    line: (text, number) => {
      const fast = FAST_LINE.exec(text)?.[1]
      if (fast !== undefined && builder.blockText('both', fast, 0, fast.length)) return
      const content = text.replace(/(?:^|\s)#.*$/, '').trim()
      if (content === '') return
      const [, key, value] = LINE.exec(content) ?? []
      if (key === undefined) builder.unusable(number, 'not a line of unbound', text)
      else if (key === 'local-zone') localZone(value!, number, text, builder)
      else if (key === 'local-data') localData(value!, number, text, builder)
      else if (value !== '') builder.unusable(number, 'an option that refuses no name', text)
    },
  }
}

function localZone(value: string, number: number, text: string, builder: FeedBuilder): void {
  const [, zone, type] = ZONE.exec(value) ?? []
  const name = zone === undefined ? null : nameOfText(zone)
  if (name === null) builder.unusable(number, 'not a domain name', text)
  else if (REFUSING.has(type!)) builder.block('both', name, number, text)
  else if (LETTING.has(type!)) builder.except('both', name)
  else builder.unusable(number, 'a type of zone that is not known', text)
}

/** A record with an address that leads nowhere refuses the name itself. */
function localData(value: string, number: number, text: string, builder: FeedBuilder): void {
  const record = RECORD.exec(value)
  const fields = (record?.[1] ?? record?.[2] ?? value).trim().split(/\s+/)
  const name = nameOfText(fields[0]!)
  const type = fields.findIndex((each, at) => at > 0 && /^(?:A|AAAA)$/i.test(each))
  if (name === null) builder.unusable(number, 'not a domain name', text)
  else if (type < 0 || !isNullAddress(fields[type + 1] ?? '')) {
    builder.unusable(number, 'gives the name an address instead of refusing it', text)
  } else builder.block('name', name, number, text)
}
