import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { suite, test } from 'node:test'
import { DETECTORS } from '@sallyport/proxy'
import { answerOf, labPolicy, startLab, startUpstream, type Lab } from './lab.fixture.ts'

// In pieces, so that no scanner of this repository takes it for a real one.
const KEY = ['-----BEGIN ', 'PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n'].join('')
const RULES = [
  { id: 'no-leak', action: 'deny', to: ['127.0.0.1'], content: { dlp: [...DETECTORS] } },
  { id: 'lab', action: 'allow', to: ['127.0.0.1'] },
] as const

const labels = (text: string, letters = 63): string => text.match(new RegExp(`.{1,${letters}}`, 'g'))!.join('.')

const octets = (body: string | Buffer): string => Buffer.from(body as string, 'latin1').toString('latin1')

async function post(lab: Lab, port: number, fields: string, body: string | Buffer, path = '/'): Promise<string> {
  const authority = `127.0.0.1:${port}`
  const text = octets(body)
  const length = /transfer-encoding/i.test(fields) ? '' : `Content-Length: ${text.length}\r\n`
  return lab.send(`POST http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n${length}${fields}\r\n${text}`)
}

const isWhole = (received: string): boolean => {
  const end = received.indexOf('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
  return end >= 0 && received.length >= end + 4 + length
}

suite('what must not leave', () => {
  const upstreamOf = () =>
    startUpstream(
      (socket, received) => isWhole(received) && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    )

  for (const [how, fields, body, path] of [
    ['as it is', '', KEY],
    ['packed', 'Content-Encoding: gzip\r\n', gzipSync(KEY)],
    [
      'in chunks',
      'Transfer-Encoding: chunked\r\n',
      `5\r\n${KEY.slice(0, 5)}\r\n${(KEY.length - 5).toString(16)}\r\n${KEY.slice(5)}\r\n0\r\n\r\n`,
    ],
    [
      'in base64 in JSON',
      'Content-Type: application/json\r\n',
      JSON.stringify({ a: Buffer.from(KEY.repeat(3)).toString('base64') }),
    ],
    [
      'in a form',
      'Content-Type: multipart/form-data; boundary=b\r\n',
      `--b\r\nContent-Disposition: form-data; name="f"; filename="k"\r\n\r\n${KEY}\r\n--b--\r\n`,
    ],
    ['in the path', '', 'x', `/?k=${encodeURIComponent(KEY)}`],
    ['in the path, in base64', '', 'x', `/?k=${encodeURIComponent(Buffer.from(KEY).toString('base64'))}`],
    ['in the path, in hexadecimal', '', 'x', `/${Buffer.from(KEY).toString('hex')}`],
    ['in labels of the path, like those of names', '', 'x', `/${labels(Buffer.from(KEY).toString('hex'))}.t.example/`],
    ['in short labels of base64', '', 'x', `/${labels(Buffer.from(KEY).toString('base64url'), 12)}/`],
    ['in hexadecimal', '', Buffer.from(KEY).toString('hex')],
    [
      'in base32',
      '',
      'FUWS2LJNIJCUOSKOEBIFESKWIFKEKICLIVMS2LJNFUWQUTKJJFCQULJNFUWS2RKOIQQFAUSJKZAVIRJAJNCVSLJNFUWS2CQ=',
    ],
  ] as const) {
    test(`${how}, is denied, and the server sees nothing of it`, async () => {
      await using upstream = await upstreamOf()
      await using lab = await startLab({ policy: labPolicy(RULES) })
      const text = await post(lab, upstream.port, fields, body, path)
      assert.equal(answerOf(text), '403 denied')
      assert.equal(upstream.received(), '')
      await lab.recorded(1)
      assert.deepEqual(lab.records[0]?.content, ['private-key'])
      // A label may hold a part of it that is one, too.
      const [finding, ...others] = lab.records[0]?.findings ?? []
      assert.deepEqual([finding?.detector, finding?.confidence, others], ['private-key', 'low', []])
      assert.doesNotMatch(JSON.stringify(lab.records), /BEGIN PRIVATE|MIIE/)
    })
  }

  test('in slow drops, is denied', async () => {
    await using upstream = await upstreamOf()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    const authority = `127.0.0.1:${upstream.port}`
    const head = `POST http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${KEY.length}\r\nExpect: 100-continue\r\n\r\n`
    const half = KEY.length >> 1
    const text = await lab.send(head, KEY.slice(0, half), KEY.slice(half))
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 403/)
    assert.equal(upstream.received(), '')
  })

  test('cannot hide in what cannot be read', async () => {
    await using upstream = await upstreamOf()
    await using lab = await startLab({ policy: labPolicy(RULES), limits: { scanBytes: 1000 } })
    assert.equal(answerOf(await post(lab, upstream.port, '', 'x'.repeat(1001))), '403 content-opaque')
    assert.equal(answerOf(await post(lab, upstream.port, 'Content-Encoding: compress\r\n', 'x')), '403 content-opaque')
    assert.equal(answerOf(await post(lab, upstream.port, 'Content-Range: bytes 0-0/9\r\n', 'x')), '403 content-opaque')
    assert.equal(upstream.received(), '')
  })

  test('is told from what may: that goes on unchanged, with its length', async () => {
    await using upstream = await upstreamOf()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    assert.equal(answerOf(await post(lab, upstream.port, '', 'harmless')), '200')
    assert.match(upstream.received(), /Content-Length: 8\r\n[^]*\r\n\r\nharmless$/)
    const chunked = 'Transfer-Encoding: chunked\r\n'
    assert.equal(answerOf(await post(lab, upstream.port, chunked, '4\r\nharm\r\n4\r\nless\r\n0\r\n\r\n')), '200')
    assert.match(upstream.received(), /Content-Length: 8\r\n[^]*\r\n\r\nharmless$/)
    await lab.recorded(2)
    assert.deepEqual(
      lab.records.map(({ content, outcome }) => [content, outcome]),
      [
        [[], 'allowed'],
        [[], 'allowed'],
      ],
    )
    const authority = `127.0.0.1:${upstream.port}`
    assert.equal(answerOf(await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)), '200')
  })

  test('a connection goes on after a body that was denied', async () => {
    await using upstream = await upstreamOf()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    const authority = `127.0.0.1:${upstream.port}`
    const denied = `POST http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${KEY.length}\r\n\r\n${KEY}`
    const text = await lab.send(denied, `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 403[^]*HTTP\/1\.1 200/)
  })

  test('where no rule asks for content nothing is read', async () => {
    await using upstream = await upstreamOf()
    await using lab = await startLab()
    assert.equal(answerOf(await post(lab, upstream.port, '', KEY)), '200')
    assert.equal(lab.proxy.counts().totals.bodiesScanned, 0)
  })
})

test('the page of detectors lists every one, and no other', () => {
  const page = readFileSync(new URL('../../../docs/reference/dlp.md', import.meta.url), 'utf8')
  assert.deepEqual(
    [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]),
    [...DETECTORS],
  )
})
