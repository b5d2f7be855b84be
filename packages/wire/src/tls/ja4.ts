import { hex } from '../identify/octets.ts'
import { EXTENSION, type ClientHello } from './client-hello.ts'

/** RFC 8701: values that clients send so that servers learn to ignore what they do not know. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
}

const VERSION: Readonly<Record<number, string>> = {
  0x0304: '13',
  0x0303: '12',
  0x0302: '11',
  0x0301: '10',
  0x0300: 's3',
  0x0002: 's2',
  0xfeff: 'd1',
  0xfefd: 'd2',
  0xfefc: 'd3',
}

/**
 * JA4 as FoxIO publishes it: transport, version, SNI, counts, ALPN; hash of the sorted cipher suites; hash of the sorted
 * extensions without SNI and ALPN, followed by the signature algorithms in their order.
 */
export function ja4(hello: ClientHello, transport: 't' | 'q' | 'd', sha256: (data: Uint8Array) => Uint8Array): string {
  const suites = hello.cipherSuites.filter((suite) => !isGrease(suite))
  const extensions = hello.extensions.filter((type) => !isGrease(type))
  const hashed = extensions.filter((type) => type !== EXTENSION.serverName && type !== EXTENSION.alpn)
  const algorithms = hello.signatureAlgorithms.filter((value) => !isGrease(value))
  const sni = hello.extensions.includes(EXTENSION.serverName) ? 'd' : 'i'
  const a = `${transport}${version(hello)}${sni}${count(suites)}${count(extensions)}${alpnEnds(hello.alpn[0])}`
  const types = hashed.map(word).sort().join(',')
  const c = algorithms.length > 0 ? `${types}_${algorithms.map(word).join(',')}` : types
  return `${a}_${hash(suites.map(word).sort().join(','), sha256)}_${hash(hashed.length === 0 ? '' : c, sha256)}`
}

function version(hello: ClientHello): string {
  const known = hello.supportedVersions.filter((value) => !isGrease(value))
  // DTLS counts downwards from 0xfeff.
  const best = known.length === 0 ? hello.legacyVersion : known.reduce((a, b) => (isNewer(b, a) ? b : a))
  return VERSION[best] ?? '00'
}

const isNewer = (a: number, b: number): boolean => (a >> 8 === 0xfe ? a < b : a > b)
const count = (values: readonly unknown[]): string => String(Math.min(values.length, 99)).padStart(2, '0')
const word = (value: number): string => value.toString(16).padStart(4, '0')

function alpnEnds(first: string | undefined): string {
  if (first === undefined || first.length === 0) return '00'
  const ends = first.at(0)! + first.at(-1)!
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends
  const digits = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0')
  return digits(ends[0]!)[0]! + digits(ends[1]!)[1]!
}

function hash(text: string, sha256: (data: Uint8Array) => Uint8Array): string {
  if (text === '') return '000000000000'
  return hex(sha256(Uint8Array.from(text, (char) => char.charCodeAt(0)))).slice(0, 12)
}
