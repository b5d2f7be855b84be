const LITTLE = /(?:[\t\n\r\x20-\x7e]\0){12,}/g
const BIG = /(?:\0[\t\n\r\x20-\x7e]){12,}/g

/** Text in UTF-16 among the octets, which no pattern for octets finds; empty when there is none. */
export function wideText(text: string): string {
  if (!text.includes('\0')) return ''
  const runs = [...(text.match(LITTLE) ?? []), ...(text.match(BIG) ?? [])]
  return runs.map((run) => run.replaceAll('\0', '')).join('\n')
}
