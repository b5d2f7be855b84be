import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startUpstream } from '../lab.fixture.ts'
import { fieldBlock, FRAME, frame, framesOf, type Frame, openTls, PREFACE, startTlsLab } from './http2.fixture.ts'

const HEADERS_END = 0x4
const STREAM_END = 0x1
const SETTINGS = frame(FRAME.SETTINGS, 0, 0)

type Fields = readonly (readonly [string, string])[]

/** What a request with the fields gets: a status, the code of a reset, or of the end of the connection. */
/** Waits for an answer as long as a loaded machine may take; a server that says nothing by right ends the wait sooner. */
async function answerTo(port: number, ...frames: readonly Buffer[]): Promise<string> {
  return answerWithin(30_000, port, ...frames)
}

async function answerWithin(quietMs: number, port: number, ...frames: readonly Buffer[]): Promise<string> {
  const socket = await openTls(port)
  socket.write(Buffer.concat([PREFACE, SETTINGS, ...frames]))
  const got = await framesOf(socket, quietMs, isAnswer)
  socket.destroy()
  for (const { type, stream, payload } of got) {
    // A status of the static table, or one that is written out (RFC 7541 appendix A).
    if (type === FRAME.HEADERS && stream === 1) return STATUS[payload[0]!] ?? 'answered'
    if (type === FRAME.RST_STREAM) return `reset ${payload.readUInt32BE(0)}`
    if (type === FRAME.GOAWAY && payload.readUInt32BE(4) !== 0) return `goaway ${payload.readUInt32BE(4)}`
  }
  return 'nothing'
}

const isAnswer = ({ type, stream }: Frame): boolean =>
  type === FRAME.RST_STREAM || type === FRAME.GOAWAY || (type === FRAME.HEADERS && stream === 1)

const STATUS: Readonly<Record<number, string>> = { 0x88: '200', 0x8c: '400' }

suite('hostile octets of HTTP/2', () => {
  const requests: readonly (readonly [string, (authority: string) => Fields, RegExp])[] = [
    ['a sound request', (to) => [...sound(to)], /^200$/],
    ['a method twice', (to) => [[':method', 'GET'], ...sound(to)], /^(400|reset 1)$/],
    ['a path twice', (to) => [...sound(to), [':path', '/b']], /^(400|reset 1)$/],
    ['no path', (to) => sound(to).filter(([name]) => name !== ':path'), /^(400|reset 1)$/],
    ['an empty path', (to) => [...sound(to, '')], /^(400|reset 1)$/],
    ['a path that is no path', (to) => [...sound(to, 'x@evil.example/')], /^(400|reset 1)$/],
    ['a pseudo field that does not exist', (to) => [[':evil', '1'], ...sound(to)], /^(400|reset 1)$/],
    ['a pseudo field of answers', (to) => [[':status', '200'], ...sound(to)], /^(400|reset 1)$/],
    [
      'a pseudo field behind a field',
      (to) => [...sound(to).slice(0, 3), ['x', '1'], [':path', '/']],
      /^(400|reset 1)$/,
    ],
    [
      'extended CONNECT, which is not offered',
      (to) => [[':method', 'CONNECT'], [':protocol', 'websocket'], ...sound(to).slice(1)],
      /^(400|reset 1)$/,
    ],
    ['capitals in a name', (to) => [...sound(to), ['X-Up', '1']], /^(400|reset 1)$/],
    ['a name with a space, which is left out', (to) => [...sound(to), ['evil b', '1']], /^200$/],
    ['a name with a colon, which is left out', (to) => [...sound(to), ['evil: b', '1']], /^200$/],
    ['CR LF in a value, which is left out', (to) => [...sound(to), ['x', '1\r\nHost: evil.example']], /^200$/],
    ['NUL in a value, which is left out', (to) => [...sound(to), ['evil', '1\0']], /^200$/],
    ['CR LF in the path', (to) => [...sound(to, '/ HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /')], /^(400|reset 1)$/],
    ['a space in the path', (to) => [...sound(to, '/ HTTP/1.1')], /^(400|reset 1)$/],
    ['CR LF in the method', (to) => [[':method', 'GET / HTTP/1.1\r\nx: '], ...sound(to).slice(1)], /^(400|reset 1)$/],
    ['Transfer-Encoding', (to) => [...sound(to), ['transfer-encoding', 'chunked']], /^(400|reset 1)$/],
    ['Connection', (to) => [...sound(to), ['connection', 'x']], /^(400|reset 1)$/],
    ['Upgrade', (to) => [...sound(to), ['upgrade', 'h2c']], /^(400|reset 1)$/],
    ['Keep-Alive', (to) => [...sound(to), ['keep-alive', '5']], /^(400|reset 1)$/],
    ['TE other than trailers', (to) => [...sound(to), ['te', 'gzip']], /^(400|reset 1)$/],
    ['a Host that differs', (to) => [...sound(to), ['host', 'evil.example']], /^(400|reset 1)$/],
    ['two Hosts', (to) => [...sound(to), ['host', to], ['host', to]], /^(400|reset 1)$/],
    ['userinfo in the authority', (to) => [...sound(`a@${to}`)], /^(400|reset 1)$/],
    ['an authority with a path', (to) => [...sound(`${to}/x`)], /^(400|reset 1)$/],
    ['a length and no body', (to) => [...sound(to), ['content-length', '5']], /^(400|reset 1)$/],
    ['two lengths', (to) => [...sound(to), ['content-length', '0'], ['content-length', '0']], /^(400|reset 1)$/],
    ['a length that is none', (to) => [...sound(to), ['content-length', '+0']], /^(400|reset 1)$/],
    ['a disguised framing field', (to) => [...sound(to), ['content_length', '5']], /^400$/],
    [
      'more fields than there is room for',
      (to) => [...sound(to), ...Array.from({ length: 300 }, (_, at) => [`x${at}`, '1'] as const)],
      /^(400|reset 11|reset 1|goaway \d+)$/,
    ],
  ]
  for (const [name, fieldsFor, expected] of requests) {
    test(`${name}: ${expected.source.replaceAll(/[\\^$()]/g, '')}`, async () => {
      await using upstream = await startUpstream()
      await using lab = await startTlsLab()
      const fields = fieldsFor(`up.example.com:${upstream.port}`)
      const got = await answerTo(lab.port, frame(FRAME.HEADERS, HEADERS_END | STREAM_END, 1, fieldBlock(fields)))
      assert.match(got, expected)
      if (got === '200') assert.doesNotMatch(upstream.received(), /evil|\0/)
      else assert.equal(upstream.received(), '', 'the server saw something')
    })
  }

  test('a body longer or shorter than its length never looks whole to the server', async () => {
    for (const octets of [3, 7]) {
      await using upstream = await startUpstream(() => {})
      await using lab = await startTlsLab()
      const fields: Fields = [
        [':method', 'POST'],
        ...sound(`up.example.com:${upstream.port}`).slice(1),
        ['content-length', '5'],
      ]
      const got = await answerWithin(
        2000,
        lab.port,
        frame(FRAME.HEADERS, HEADERS_END, 1, fieldBlock(fields)),
        frame(FRAME.DATA, STREAM_END, 1, Buffer.alloc(octets, 'x')),
      )
      assert.match(got, /^(reset \d|goaway \d|400|answered|nothing)$/)
      const body = upstream.received().split('\r\n\r\n')[1] ?? ''
      assert.ok(body.length < 5, body)
    }
  })

  const floods: readonly (readonly [string, (authority: string) => readonly Buffer[]])[] = [
    [
      'streams that are opened and reset at once',
      (to) =>
        Array.from({ length: 2000 }, (_, at) => [
          frame(FRAME.HEADERS, HEADERS_END | STREAM_END, 2 * at + 1, fieldBlock(sound(to))),
          frame(FRAME.RST_STREAM, 0, 2 * at + 1, Buffer.from([0, 0, 0, 8])),
        ]).flat(),
    ],
    [
      'a head that never ends',
      (to) => [
        frame(FRAME.HEADERS, STREAM_END, 1, fieldBlock(sound(to))),
        ...Array.from({ length: 4000 }, (_, at) =>
          frame(FRAME.CONTINUATION, 0, 1, fieldBlock([[`x${at}`, 'y'.repeat(100)]])),
        ),
      ],
    ],
    [
      'empty continuations',
      (to) => [
        frame(FRAME.HEADERS, STREAM_END, 1, fieldBlock(sound(to))),
        ...Array.from({ length: 20_000 }, () => frame(FRAME.CONTINUATION, 0, 1)),
      ],
    ],
    ['settings without end', () => Array.from({ length: 20_000 }, () => SETTINGS)],
    ['pings without end', () => Array.from({ length: 50_000 }, () => frame(FRAME.PING, 0, 0, Buffer.alloc(8)))],
    ['a table of HPACK that unfolds', (to) => [frame(FRAME.HEADERS, HEADERS_END | STREAM_END, 1, bomb(to))]],
    ['frames larger than allowed', () => [frame(FRAME.DATA, 0, 1, Buffer.alloc(100_000))]],
    ['what is no HTTP/2', () => [Buffer.alloc(5000, 0xff)]],
    [
      'an index that no table has',
      () => [frame(FRAME.HEADERS, HEADERS_END | STREAM_END, 1, Buffer.from([0xff, 0xff, 0x7f]))],
    ],
  ]
  for (const [name, framesFor] of floods) {
    test(`${name}: the connection ends or the stream is refused, and the next client is served`, async () => {
      await using upstream = await startUpstream()
      await using lab = await startTlsLab()
      const authority = `up.example.com:${upstream.port}`
      const socket = await openTls(lab.port)
      socket.write(Buffer.concat([PREFACE, SETTINGS, ...framesFor(authority)]))
      // The end of a connection is waited for; a ping costs its answer, and is no more than that.
      const got = await framesOf(socket, 30_000, ({ type }) => type === FRAME.PING || type === FRAME.RST_STREAM)
      const isEnded = socket.destroyed || socket.readableEnded
      const refused = got.some(
        ({ type, stream, payload }) =>
          (type === FRAME.RST_STREAM && stream === 1) || (type === FRAME.HEADERS && payload[0] === 0x8c),
      )
      const acknowledged = got.filter(({ type }) => type === FRAME.PING).length
      assert.ok(isEnded || refused || acknowledged > 0, JSON.stringify(got.map(({ type }) => type).slice(0, 20)))
      socket.destroy()
      const next = await answerTo(
        lab.port,
        frame(FRAME.HEADERS, HEADERS_END | STREAM_END, 1, fieldBlock(sound(authority))),
      )
      assert.equal(next, '200')
      const { totals } = lab.proxy.counts()
      assert.equal(totals.defects, 0)
      if (isEnded) assert.equal(totals.http2Violations, 1)
    })
  }
})

function sound(authority: string, path = '/'): Fields {
  return [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', authority],
    [':path', path],
  ]
}

/** One long field in the table, and its index thousands of times (RFC 7541 §6.1). */
function bomb(authority: string): Buffer {
  const value = Buffer.alloc(3900, 'z')
  const indexed = Buffer.concat([
    Buffer.from([0x40, 1, 0x62, 127, ...[value.length - 127].flatMap((rest) => [(rest & 127) | 128, rest >> 7])]),
    value,
  ])
  return Buffer.concat([fieldBlock(sound(authority)), indexed, Buffer.alloc(10_000, 0x80 | 62)])
}
