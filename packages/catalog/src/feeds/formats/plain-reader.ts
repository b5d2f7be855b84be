import type { FeedBuilder } from '../feed-builder.ts'
import { destinationOfText, prefixesOfText } from './destination-of-text.ts'
import { hostsLine } from './hosts-reader.ts'
import type { LineReader } from './line-reader.ts'

/** `domains`, `wildcard` and `addresses`: one destination a line; what stands after it, as a count, is not looked at. */
export function plainReader(builder: FeedBuilder): LineReader {
  return {
    quick: (text, from, to) => {
      const isBelow = text.startsWith('*.', from)
      return builder.blockText('both', text, isBelow ? from + 2 : text.startsWith('.', from) ? from + 1 : from, to)
    },
    line: (text, number) => {
      const content = text.replace(/[#;].*$/, '').trim()
      if (content === '') return
      const [word, second] = content.split(/[\s,]+/, 2)
      const isHosts = second !== undefined && /[a-z]/i.test(second) && prefixesOfText(word!) !== null
      if (isHosts && hostsLine(content, number, text, builder)) return
      take(builder, /^[^\s,]+\s+-\s+/.test(content) ? content : word!, number, text)
    },
  }
}

/** Hands on what a text names, or why it names nothing. */
export function take(builder: FeedBuilder, word: string, number: number, text: string): void {
  const destination = destinationOfText(word)
  if ('reason' in destination) builder.unusable(number, destination.reason, text)
  else if ('name' in destination) builder.block(destination.kind, destination.name, number, text)
  else for (const prefix of destination.prefixes) builder.blockPrefix(prefix, number, text)
}
