import { found, more, type Found, type Sight } from '../identify/identification.ts'
import { latin1, startsWith, u8 } from '../identify/octets.ts'
import type { StreamRecogniser, StreamView } from '../identify/recogniser.ts'

const LONGEST_LINE = 1024

/** The first line without its end, or null while it has none. */
function firstLine(bytes: Uint8Array): string | null {
  const end = bytes.subarray(0, LONGEST_LINE).indexOf(10)
  return end < 0 ? null : latin1(bytes, 0, end > 0 && u8(bytes, end - 1) === 13 ? end - 1 : end)
}

/** A line that begins with one of the words (capitals or not), then a space or its end. */
function command(protocol: string, words: readonly string[], what: string, line: RegExp): StreamRecogniser {
  return ({ bytes }) => {
    if (bytes.length === 0) return more(1)
    const begins = words.map((text) => startsWith(bytes, text, 0, true))
    if (begins.every((known) => known === false)) return 'no'
    const text = firstLine(bytes)
    if (text === null) return bytes.length >= LONGEST_LINE ? 'no' : more(bytes.length + 1)
    return line.test(text) ? found(protocol, 0, text.length, what) : 'no'
  }
}

/** RFC 5321 §4.1.1.1, and LHLO of RFC 2033. */
export const smtpClient: StreamRecogniser = command('smtp', ['ehlo ', 'helo ', 'lhlo '], 'SMTP greeting', /^\w{4} \S/)

/** RFC 2812 §3.1, and capability negotiation. */
export const ircClient: StreamRecogniser = command(
  'irc',
  ['nick ', 'cap ls', 'pass ', 'user '],
  'IRC registration',
  /^(NICK \S+|CAP LS( 30\d)?|USER \S+ \S+ \S+ :.*)$/i,
)

/** USER is POP3's as well: the greeting of the server tells (RFC 959 §5.4, RFC 1939 §3). */
export function ftpClient({ bytes, other }: StreamView): Sight {
  const strict = command(
    'ftp',
    ['feat', 'syst', 'auth tls', 'auth ssl', 'pasv', 'epsv'],
    'FTP command',
    /^(FEAT|SYST|AUTH (TLS|SSL)|PASV|EPSV)$/i,
  )
  const sight = strict({ bytes, other, previousLength: 0, previous: null, ciphers: null })
  if (sight !== 'no') return sight
  if (startsWith(bytes, 'user ', 0, true) === false) return 'no'
  const line = firstLine(bytes)
  if (line === null) return bytes.length >= LONGEST_LINE ? 'no' : more(bytes.length + 1)
  if (!/^USER [\x20-\x7e]+$/i.test(line)) return 'no'
  return startsWith(other, '220') === true ? found('ftp', 0, line.length, 'FTP USER after 220') : 'no'
}

export function popClient({ bytes, other }: StreamView): Sight {
  const strict = command('pop3', ['capa', 'apop ', 'stls'], 'POP3 command', /^(CAPA|STLS|APOP \S+ [0-9a-f]{32})$/i)
  const sight = strict({ bytes, other, previousLength: 0, previous: null, ciphers: null })
  if (sight !== 'no') return sight
  if (startsWith(other, '+OK') !== true) return 'no'
  const line = firstLine(bytes)
  if (line === null) return bytes.length >= LONGEST_LINE ? 'no' : more(bytes.length + 1)
  return /^(USER|AUTH)( \S+)?/i.test(line) ? found('pop3', 0, line.length, 'POP3 command after +OK') : 'no'
}

/** RFC 9051 §2.2.1: a tag and a command. */
export function imapClient({ bytes }: StreamView): Sight {
  for (let at = 0; at < Math.min(bytes.length, 17); at++) {
    const octet = u8(bytes, at)
    if (octet === 0x20) break
    if (at === 16 || !/[A-Za-z0-9.]/.test(String.fromCharCode(octet))) return 'no'
  }
  const line = firstLine(bytes)
  if (line === null) return bytes.length >= LONGEST_LINE || !isText(bytes) ? 'no' : more(bytes.length + 1)
  const isCommand = /^[A-Za-z0-9.]{1,16} (CAPABILITY|STARTTLS|NOOP|LOGIN \S.*|AUTHENTICATE \S.*|ID .*)$/i.test(line)
  // What a server of FTP answers to a password, in a capture that begins there, reads much the same.
  return isCommand && !/^[1-5]\d\d Login /.test(line) ? found('imap', 0, line.length, 'IMAP command') : 'no'
}

export function imapServer({ bytes }: StreamView): Sight {
  const begins = ['* OK', '* PREAUTH', '* BYE'].map((text) => startsWith(bytes, text))
  if (begins.includes(true)) return found('imap', 0, 4, 'IMAP greeting')
  return begins.includes(null) ? more(bytes.length + 1) : 'no'
}

/** `+OK` and text: the bare `+OK` is an answer of Redis too. */
export function popServer({ bytes }: StreamView): Sight {
  const begins = startsWith(bytes, '+OK')
  if (begins !== true) return begins === null ? more(3) : 'no'
  const line = firstLine(bytes)
  if (line === null) return bytes.length >= LONGEST_LINE ? 'no' : more(bytes.length + 1)
  return line.length > 3 ? found('pop3', 0, 3, 'POP3 greeting') : 'no'
}

const GREETING_WORDS: readonly (readonly [string, RegExp])[] = [
  ['smtp', /\b(e?smtp|postfix|exim|sendmail|lmtp|mail service)\b/i],
  ['ftp', /ftp|filezilla/i],
  ['nntp', /\b(nntp|inn|usenet|news|nnrp)/i],
]

/**
 * The greeting with a code that SMTP, FTP and NNTP share (RFC 5321 §4.2, RFC 959 §4.2, RFC 3977 §5.1). Its text tells them
 * apart, or else the client's first command does.
 */
export function replyServer({ bytes }: StreamView): Sight {
  const begins = ['220 ', '220-', '200 ', '201 '].map((text) => startsWith(bytes, text))
  if (!begins.includes(true)) return begins.includes(null) ? more(bytes.length + 1) : 'no'
  const line = firstLine(bytes)
  if (line === null) return bytes.length >= LONGEST_LINE ? 'no' : more(bytes.length + 1)
  const answer = greetingOf(latin1(bytes, 0, lastLineEnd(bytes)))
  if (answer !== null) return answer
  return bytes.length >= 4 * LONGEST_LINE || !line.startsWith('220') ? 'no' : more(bytes.length + 1)
}

/** Only whole lines are judged, one after another, so that pieces of a line change nothing. */
function greetingOf(text: string): Found | null {
  for (const line of text.split('\n')) {
    const code = text.slice(0, 3)
    for (const [protocol, words] of GREETING_WORDS)
      if ((protocol === 'nntp') === (code !== '220') && words.test(line))
        return found(protocol, 0, 3, `${protocol.toUpperCase()} greeting`)
  }
  return null
}

const lastLineEnd = (bytes: Uint8Array): number => bytes.subarray(0, 4 * LONGEST_LINE).lastIndexOf(10)

function isText(bytes: Uint8Array): boolean {
  return bytes.every((octet) => octet === 13 || (octet >= 0x20 && octet < 0x7f))
}
