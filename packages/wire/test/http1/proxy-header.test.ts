import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '@sallyport/net'
import { readProxyHeader } from '@sallyport/wire'

const V2 = '\r\n\r\n\0\r\nQUIT\n'
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const source = (text: string): string => {
  const read = readProxyHeader(octets(text))
  if (read.state !== 'done') return read.state
  return read.source === null ? 'own' : `${formatAddress(read.source.address)} ${read.source.port}`
}

for (const [text, expected] of [
  ['PROXY TCP4 192.0.2.1 198.51.100.1 4000 443\r\nGET', '192.0.2.1 4000'],
  ['PROXY TCP6 2001:db8::1 2001:db8::2 4000 443\r\n', '2001:db8::1 4000'],
  ['PROXY UNKNOWN\r\n', 'own'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 4000 443', 'more'],
  ['PRO', 'more'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 4000 443\n', 'bad'],
  ['PROXY TCP4 2001:db8::1 2001:db8::2 4000 443\r\n', 'bad'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n', 'bad'],
  [`PROXY TCP4 ${' '.repeat(120)}`, 'bad'],
  ['GET / HTTP/1.1\r\n', 'bad'],
  [`${V2}\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\x0f\xa0\x01\xbb`, '192.0.2.1 4000'],
  [`${V2}\x20\0\0\0`, 'own'],
  [`${V2}\x21\x11\0\x0c\xc0`, 'more'],
  [`${V2}\x21\x11\0\x04\xc0\0\x02\x01`, 'bad'],
  [`${V2}\x11\x11\0\x0c`, 'bad'],
  [`${V2}\x21\x31\0\x0c${'\0'.repeat(12)}`, 'bad'],
  [`${V2}\x21\x11\xff\xff`, 'bad'],
] as const) {
  test(`PROXY header ${JSON.stringify(text.slice(0, 48))}: ${expected}`, () => assert.equal(source(text), expected))
}
