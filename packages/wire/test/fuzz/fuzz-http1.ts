import assert from 'node:assert/strict'
import {
  ChunkedReader,
  findHeadEnd,
  isMessageFailure,
  parseRequestHead,
  parseResponseHead,
  readProxyHeader,
  readSocksGreeting,
  readSocksChoice,
  readSocksLogin,
  readSocksReply,
  readSocksRequest,
  requestFraming,
  responseFraming,
} from '@sallyport/wire'
import { octets } from './random.ts'
import type { Fuzzer } from './run-fuzzer.ts'

const MESSAGES = [
  'GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n',
  'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\nExpect: 100-continue\r\n',
  'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic eDp5\r\n',
  'HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Length: 3\r\nConnection: close\r\n',
  '5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
  'PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n',
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x03\xe8\x01\xbb',
  '\x05\x02\0\x02',
  '\x01\x04user\x04pass',
  '\x05\x01\0\x03\x09a.example\x01\xbb',
]

/** Heads, framing, chunks, PROXY protocol and SOCKS: nothing throws, and only octets that are there are counted as read. */
export function parseHostileOctets(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1')
  const request = parseRequestHead(text)
  if (!isMessageFailure(request)) {
    requestFraming(request)
    // None that ends a line for some reader.
    const parts = [request.method, request.target, ...request.fields.flatMap(({ spelled, value }) => [spelled, value])]
    for (const part of parts) assert.doesNotMatch(part, /[\r\n\0]/)
  }
  const response = parseResponseHead(text)
  if (!isMessageFailure(response)) responseFraming(response, 'GET')
  findHeadEnd(bytes, 0)
  new ChunkedReader().read(bytes, () => {})
  const done = [readProxyHeader, readSocksGreeting, readSocksLogin, readSocksRequest, readSocksReply, readChoice].map(
    (read) => read(bytes),
  )
  for (const result of done) if (result.state === 'done') assert.ok(result.length <= bytes.length)
  const isRead = !isMessageFailure(request) || !isMessageFailure(response)
  return isRead || done.some(({ state }) => state === 'done')
}

export const fuzzHttp1: Fuzzer = { corpus: () => MESSAGES.map(octets), parse: parseHostileOctets }

const readChoice = (bytes: Uint8Array): ReturnType<typeof readSocksChoice> => readSocksChoice(bytes, 5)
