import { found, more, type Found, type Sight } from '../identify/identification.ts'
import { latin1, u8 } from '../identify/octets.ts'
import { hostOfAuthority, hostOfRequest } from './host-of-request.ts'
import { endsHead, readMessageHead, type MessageHead } from './message-head.ts'

const REQUEST = /^([A-Za-z][A-Za-z0-9_-]{0,31}) ([\x21-\x7e\x80-\xff]{1,16384}) (HTTP|RTSP|SIP|ICAP)\/\d\.\d$/
const STATUS = /^(HTTP|RTSP|SIP|ICAP)\/\d\.\d \d{3}(?: [\x20-\x7e\x80-\xff]*)?$/
const LONGEST_METHOD = 32

/** Requests and answers of HTTP/1 and of the protocols that share its form: RTSP, SIP, ICAP (RFC 9112, 2326, 3261, 3507). */
export function recogniseTextMessage(bytes: Uint8Array, previousLength: number, previous: Found | null = null): Sight {
  if (!mayBeFirstLine(bytes)) return 'no'
  const lineEnd = bytes.indexOf(10, Math.max(0, previousLength - 1))
  if (previousLength === 0 || lineEnd >= 0 || endsHead(bytes, previousLength)) return readTextMessage(bytes)
  // No line ended since the last look: a head is what it was, a first line only longer.
  if (bytes.includes(10)) return more(bytes.length + 1, previous)
  return isTextSoFar(bytes, previousLength) ? more(bytes.length + 1, partialOf(bytes)) : 'no'
}

/** Cheap: every octet of the method, then of the line as far as it must be text. */
function mayBeFirstLine(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, LONGEST_METHOD + 1)
  for (let at = 0; at < end; at++) {
    const octet = u8(bytes, at)
    if (octet === 0x20) return at > 0
    const isToken =
      (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a) || octet === 0x2d || octet === 0x5f
    const isVersion = at > 2 && (octet === 0x2f || octet === 0x2e || (octet >= 0x30 && octet <= 0x39))
    if (!isToken && !isVersion) return false
  }
  return end <= LONGEST_METHOD
}

function readTextMessage(bytes: Uint8Array): Sight {
  const head = readMessageHead(bytes)
  if (head === null) return isTextSoFar(bytes, 0) ? more(bytes.length + 1, partialOf(bytes)) : 'no'
  const status = STATUS.exec(head.firstLine)
  if (status !== null) {
    const answer = found(word(status[1]!), 0, status[0].length, `${status[1]} status line`)
    // Where the request was missed, the next one still may state the name.
    return status[1] === 'HTTP' ? more(Infinity, answer) : answer
  }
  const request = REQUEST.exec(head.firstLine)
  if (request === null) return 'no'
  const [, method, target, protocol] = request
  if (protocol !== 'HTTP') return foundOther(protocol!, target!, head)
  const answer = foundRequest(method!, target!, head)
  return head.complete
    ? answer
    : more(bytes.length + 1, { ...answer, problem: answer.problem ?? 'incomplete-handshake' })
}

const word = (protocol: string): string => protocol.toLowerCase()

function foundRequest(method: string, target: string, head: MessageHead): Found {
  const { name, problem } = hostOfRequest(method, target, head)
  const type = head.fields.find((field) => field.name === 'content-type' || field.name === 'accept')?.value ?? ''
  const protocol = type.startsWith('application/dns-message') ? 'doh' : 'http'
  return found(protocol, 0, head.firstLine.length, method === 'CONNECT' ? 'HTTP CONNECT' : 'HTTP request line', {
    name,
    problem,
    request: { method, path: target },
  })
}

function foundOther(protocol: string, target: string, head: MessageHead): Found {
  const authority = /^(?:rtsps?:\/\/|rtspu:\/\/|icap:\/\/|sips?:)(?:[^@/]*@)?([^/;?]*)/i.exec(target)?.[1] ?? ''
  return found(word(protocol), 0, head.firstLine.length, `${protocol} request line`, {
    name: hostOfAuthority(authority),
  })
}

/** A line without an end yet: bounded, printable, and once it has a target, by a method that HTTP has. */
function isTextSoFar(bytes: Uint8Array, from: number): boolean {
  if (bytes.length > 16384) return false
  return bytes.subarray(from).every((octet) => octet === 13 || (octet >= 0x20 && octet !== 0x7f))
}

const METHOD = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|REPORT) \S/

function partialOf(bytes: Uint8Array): Found | null {
  const start = latin1(bytes, 0, 40)
  if (!METHOD.test(start)) return null
  return found('http', 0, start.indexOf(' '), 'HTTP method', { confidence: 'medium', problem: 'incomplete-handshake' })
}
