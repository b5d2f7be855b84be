import { u16, u8 } from '../identify/octets.ts'
import { hostName } from '../tls/server-name.ts'

type DnsSeen = {
  readonly protocol: 'dns' | 'mdns' | 'dnscrypt'
  readonly name: string | null
  readonly what: string
}

const MOST_RECORDS = 256

/**
 * Whether octets are a DNS message, and the name it asks for. Less strict than the resolver's parser, since what others send
 * is to be recognised also where its records are odd; the question must be sound.
 */
export function readDns(bytes: Uint8Array): DnsSeen | null {
  if (bytes.length < 12) return null
  const flags = u16(bytes, 2)
  const isAnswer = flags >= 0x8000
  const [questions, answers, authorities, additional] = [u16(bytes, 4), u16(bytes, 6), u16(bytes, 8), u16(bytes, 10)]
  const opcode = (flags >> 11) & 15
  if (opcode > 6 || opcode === 3 || (flags & 0x40) !== 0) return null
  if (questions > 32 || answers > MOST_RECORDS || authorities > MOST_RECORDS || additional > MOST_RECORDS) return null
  if (questions === 0) return (isAnswer || opcode === 1) && answers > 0 ? answerOnly(bytes) : null
  if (!isAnswer && (flags & 15) !== 0) return null
  const first = readName(bytes, 12)
  if (first === null || first.end + 4 > bytes.length) return null
  const [type, dnsClass] = [u16(bytes, first.end), u16(bytes, first.end + 2)]
  if (type === 0 || ![1, 3, 4, 254, 255].includes(dnsClass & 0x7fff)) return null
  const name = first.labels.length === 0 ? null : hostName(first.labels.join('.'))
  const what = isAnswer ? 'DNS answer' : 'DNS query'
  if (first.labels[0] === '2' && first.labels[1] === 'dnscrypt-cert')
    return { protocol: 'dnscrypt', name, what: 'DNSCrypt certificate query' }
  // RFC 6762 §18.1: multicast queries have no id.
  const isMulticast = u16(bytes, 0) === 0 && (dnsClass >= 0x8000 || first.labels.at(-1) === 'local')
  return { protocol: isMulticast ? 'mdns' : 'dns', name, what }
}

/** Answers of multicast DNS carry no question (RFC 6762 §6). */
function answerOnly(bytes: Uint8Array): DnsSeen | null {
  const owner = readName(bytes, 12)
  if (owner === null || owner.labels.length === 0) return null
  const at = owner.end
  const isRecord = [1, 0x8001].includes(u16(bytes, at + 2)) && at + 10 + u16(bytes, at + 8) <= bytes.length
  if (!isRecord) return null
  const isMulticast = owner.labels.at(-1) === 'local' || u16(bytes, at + 2) === 0x8001
  return { protocol: isMulticast ? 'mdns' : 'dns', name: null, what: 'DNS answer' }
}

/** A name without pointers, which a first name has no use for. */
function readName(
  bytes: Uint8Array,
  start: number,
): { readonly labels: readonly string[]; readonly end: number } | null {
  const labels: string[] = []
  let at = start
  while (at < bytes.length && at - start < 255) {
    const length = u8(bytes, at)
    if (length === 0) return { labels, end: at + 1 }
    if (length > 63 || at + 1 + length > bytes.length) return null
    labels.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
  return null
}
