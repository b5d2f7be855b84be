import { found, more, type Sight } from '../identify/identification.ts'
import { latin1 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'

/** A priority of at most 191, then a version or a date (RFC 5424 §6, RFC 3164 §4.1), with a length before it or not. */
const START = /^(?:[1-9]\d{0,4} )?<(\d{1,3})>(?:[1-9]\d? (?:-|\d{4}-)|[A-Z][a-z]{2} [ \d]\d \d\d:)/
const LONGEST_START = 24

export function syslogStream({ bytes }: StreamView): Sight {
  const text = latin1(bytes, 0, LONGEST_START)
  if (!/^(?:[1-9]\d{0,4}(?: |$))?(?:$|<)/.test(text)) return 'no'
  if (bytes.length < LONGEST_START) return more(LONGEST_START)
  const match = START.exec(text)
  return match !== null && Number(match[1]) <= 191
    ? found('syslog', 0, match[0].length, 'syslog priority and date')
    : 'no'
}
