import assert from 'node:assert/strict'
import { isMessageFailure, parseRequestHead, requestHeadOf, responseHeadOf, trailersOf } from '@sallyport/wire'
import { octets } from './random.ts'
import type { Fuzzer } from './run-fuzzer.ts'

/** Names and values with NUL between them. */
const SECTIONS = [
  ':method\0GET\0:scheme\0https\0:authority\0a.example\0:path\0/x\0cookie\0a=b\0cookie\0c=d',
  ':method\0CONNECT\0:authority\0a.example:443\0user-agent\0x',
  ':method\0POST\0:scheme\0http\0:path\0/\0host\0a.example\0te\0trailers\0content-length\x005',
  ':method\0OPTIONS\0:scheme\0https\0:authority\0[2001:db8::1]:8443\0:path\0*',
  ':status\x00200\0content-type\0text/plain',
  'x-sum\x001\0grpc-status\x000',
]

/** A request that is taken can be written as one of HTTP/1.1, and is read as the same there. */
export const fuzzHttp2: Fuzzer = {
  corpus: () => SECTIONS.map(octets),
  parse(bytes) {
    const section = Buffer.from(bytes).toString('latin1').split('\0')
    const request = requestHeadOf(section)
    const isRequest = !isMessageFailure(request)
    if (isRequest) {
      const lines = request.fields.map(({ spelled, value }) => `${spelled}: ${value}\r\n`).join('')
      const { method, target, minor, fields } = request
      const written = parseRequestHead(`${method} ${target} HTTP/1.1\r\n${lines}`)
      assert.deepEqual(written, { method, target, minor, fields })
    }
    const [response, trailers] = [responseHeadOf(section), trailersOf(section)]
    return isRequest || !isMessageFailure(response) || !isMessageFailure(trailers)
  },
}
