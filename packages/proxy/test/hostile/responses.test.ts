import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf, startLab, startUpstream } from '../lab.fixture.ts'

type Row = readonly [why: string, response: string, answer: string, sees?: RegExp, seesNot?: RegExp]

const ok = (fields: string, body: string): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`

const RESPONSES: readonly Row[] = [
  ['a length and a coding', ok('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), '502 bad-response'],
  ['two lengths', ok('Content-Length: 2\r\nContent-Length: 3\r\n', 'abc'), '502 bad-response'],
  ['a length that is no number', ok('Content-Length: 2x\r\n', 'ab'), '502 bad-response'],
  ['an unknown coding', ok('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), '502 bad-response'],
  ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '502 bad-response'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok', '502 bad-response'],
  ['a folded field', ok('A: b\r\n c\r\nContent-Length: 2\r\n', 'ok'), '502 bad-response'],
  ['NUL in a field', ok('A: \0\r\nContent-Length: 2\r\n', 'ok'), '502 bad-response'],
  ['a space before a colon', ok('Content-Length : 2\r\n', 'ok'), '502 bad-response'],
  ['no status line', 'hello\r\n\r\n', '502 bad-response'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok', '502 bad-response'],
  ['status 999', 'HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\nok', '502 bad-response'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n', '502 bad-response'],
  ['an SSH banner', 'SSH-2.0-OpenSSH_9\r\n\r\n', '502 bad-response'],
  ['a head of 70,000 octets', ok(`A: ${'b'.repeat(70_000)}\r\n`, ''), '502 bad-response'],
  ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n', '502 bad-response'],
  ['interim answers for ever', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40), '100 bad-response'],
  ['nothing at all', '', '502 response-incomplete'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-', '502 response-incomplete'],
  [
    'a login at a proxy stays here',
    ok('Proxy-Authenticate: Basic\r\nContent-Length: 2\r\n', 'ok'),
    '200',
    /ok$/,
    /proxy-authenticate/i,
  ],
  [
    'a field of the connection stays here',
    ok('Connection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n', 'ok'),
    '200',
    /ok$/,
    /x-hop/i,
  ],
  [
    'a body until the end goes on in chunks',
    ok('', 'until the end'),
    '200',
    /chunked[^]*d\r\nuntil the end\r\n0\r\n\r\n$/,
  ],
  [
    'what comes behind the answer goes nowhere',
    ok('Content-Length: 2\r\n', 'okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
    '200',
    /ok$/,
    /evil/,
  ],
  ['204 has no body', 'HTTP/1.1 204 No Content\r\n\r\n', '204'],
  [
    '304 keeps the length of what it stands for',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n',
    '304',
    /Content-Length: 500/,
  ],
  [
    '103 goes before the answer',
    'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n' + ok('Content-Length: 2\r\n', 'ok'),
    '103',
    /103 Early[^]*200 OK[^]*ok$/,
  ],
]

suite('an answer that two readers could take for two is refused', () => {
  for (const [why, response, answer, sees, seesNot] of RESPONSES) {
    test(`${answer}: ${why}`, async () => {
      await using upstream = await startUpstream((socket) => socket.end(Buffer.from(response, 'latin1')))
      await using lab = await startLab()
      const authority = `127.0.0.1:${upstream.port}`
      const text = await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      assert.equal(answerOf(text), answer)
      if (sees !== undefined) assert.match(text, sees)
      if (seesNot !== undefined) assert.doesNotMatch(text, seesNot)
    })
  }

  test('octets behind an answer are no answer to the next request, of this client or another', async () => {
    await using upstream = await startUpstream((socket) =>
      socket.write(ok('Content-Length: 2\r\n', 'okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')),
    )
    await using lab = await startLab()
    const authority = `127.0.0.1:${upstream.port}`
    const request = `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
    const text = await lab.send(request, request, request)
    assert.equal(text.match(/\r\n\r\nok/g)?.length, 3)
    assert.doesNotMatch(text, /evil/)
  })

  test('a body cut short is not passed off as whole', async () => {
    await using upstream = await startUpstream((socket) => socket.end(ok('Content-Length: 20\r\n', 'half')))
    await using lab = await startLab()
    const authority = `127.0.0.1:${upstream.port}`
    const text = await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    assert.match(text, /Content-Length: 20[^]*half$/)
    assert.equal(lab.records.at(-1)?.reason, 'response-incomplete')
  })

  test('chunks cut short end without the last chunk', async () => {
    await using upstream = await startUpstream((socket) =>
      socket.end(ok('Transfer-Encoding: chunked\r\n', '4\r\nhalf\r\n')),
    )
    await using lab = await startLab()
    const authority = `127.0.0.1:${upstream.port}`
    const text = await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    assert.match(text, /4\r\nhalf\r\n$/)
  })
})
