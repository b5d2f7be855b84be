import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf, startLab, startUpstream, type Lab, type Upstream } from '../lab.fixture.ts'
import { adapted, hasCIcap, OPTIONS, startCIcap, startFakeIcap, type FakeIcap } from './icap.fixture.ts'
import type { IcapOptions } from '@sallyport/proxy'

const echoing = (length = 100_000): Promise<Upstream> =>
  startUpstream((socket, received) => {
    const end = received.indexOf('\r\n\r\n')
    const declared = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
    const isWhole = /transfer-encoding/i.test(received)
      ? received.endsWith('0\r\n\r\n')
      : received.length >= end + 4 + declared
    if (end < 0 || !isWhole) return
    const body = 'y'.repeat(length)
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })

const through = (icap: Partial<IcapOptions>, limits: Parameters<typeof startLab>[0] = {}): Promise<Lab> =>
  startLab({ icap: { request: null, response: null, passesOnFailure: false, ...icap }, ...limits })

const get = (lab: Lab, upstream: Upstream): Promise<string> =>
  lab.send(`GET http://up.example.com:${upstream.port}/a?q=1 HTTP/1.1\r\nHost: up.example.com:${upstream.port}\r\n\r\n`)
const post = (lab: Lab, upstream: Upstream, body: string): Promise<string> =>
  lab.send(
    `POST http://up.example.com:${upstream.port}/p HTTP/1.1\r\nHost: up.example.com:${upstream.port}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )

suite("Debian's c-icap", { skip: hasCIcap() ? false : 'c-icap is not installed' }, () => {
  test('bodies of any length come through unchanged, over few connections', async () => {
    await using icap = await startCIcap()
    await using upstream = await echoing()
    await using lab = await through({ request: icap.service, response: icap.service })
    for (const octets of [0, 1, 100, 5000, 300_000]) {
      const body = 'x'.repeat(octets)
      const answer = await post(lab, upstream, body)
      assert.match(answer, /^HTTP\/1\.1 200 /, String(octets))
      assert.equal(answer.match(/y{50,}/g)?.join('').length, 100_000)
    }
    assert.equal(
      upstream
        .received()
        .match(/x{50,}/g)
        ?.join('').length ?? 0,
      305_100,
    )
    assert.match(await get(lab, upstream), /^HTTP\/1\.1 200 /)
    await lab.recorded(6)
    assert.deepEqual(
      lab.records.filter(({ icap: said }) => said === 'failed' || said === null),
      [],
    )
    assert.equal(lab.proxy.counts().totals.icapFailed, 0)
  })
})

suite('a content service', () => {
  test('sees who asks for what, and lets it pass after a preview', async () => {
    await using icap = await startFakeIcap((request) =>
      request.startsWith('REQMOD') ? 'ICAP/1.0 204 No\r\n\r\n' : undefined,
    )
    await using upstream = await echoing(10)
    await using lab = await through({ request: icap.service })
    for (const octets of [10, 2000]) assert.match(await post(lab, upstream, 'x'.repeat(octets)), /^HTTP\/1\.1 200 /)
    const [, small, large] = icap.asked
    assert.match(small!, /^REQMOD icap:\/\/127\.0\.0\.1:\d+\/scan ICAP\/1\.0\r\n/)
    assert.match(
      small!,
      /\r\nX-Client-IP: 127\.0\.0\.1\r\nAllow: 204\r\nPreview: 10\r\nEncapsulated: req-hdr=0, req-body=\d+\r\n/,
    )
    assert.match(small!, /\r\n\r\nPOST http:\/\/up\.example\.com:\d+\/p HTTP\/1\.1\r\n/)
    assert.ok(small!.endsWith('a\r\nxxxxxxxxxx\r\n0; ieof\r\n\r\n'))
    assert.match(large!, /\r\nPreview: 64\r\n/)
    assert.ok(large!.endsWith('\r\n0\r\n\r\n'))
    assert.equal(upstream.received().match(/x{5,}/g)?.join('').length, 2010)
    assert.equal(icap.connections(), 1)
  })

  test('answers in the place of the server, which then sees nothing', async () => {
    const page = 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n'
    await using icap = await startFakeIcap((request) =>
      request.startsWith('REQMOD') ? adapted([['res-hdr', page]], 'found a card') : undefined,
    )
    await using upstream = await echoing(10)
    await using lab = await through({ request: icap.service })
    assert.match(await post(lab, upstream, 'x'.repeat(5000)), /^HTTP\/1\.1 403 [^]*found a card/)
    assert.equal(upstream.received(), '')
    await lab.recorded(1)
    const { reason, outcome, status, icap: said } = lab.records[0]!
    assert.deepEqual([reason, outcome, status, said], ['icap-denied', 'denied', 403, 'changed'])
  })

  test('changes what a request carries, and not where it goes', async () => {
    let target = 'same'
    await using icap = await startFakeIcap((request) => {
      if (!request.startsWith('REQMOD')) return undefined
      const head = /\r\n\r\n(POST [^]*?\r\n\r\n)/.exec(request)![1]!
      if (target === 'host')
        return adapted([['req-hdr', head.replaceAll('up.example.com', 'private.example.com')]], 'z')
      if (target === 'path') return adapted([['req-hdr', head.replace('/p ', '/other ')]], 'z')
      return adapted(
        [['req-hdr', head.replace('\r\n\r\n', '\r\nX-Scanned: yes\r\nContent-Length: 9\r\n\r\n')]],
        'redacted!',
      )
    })
    await using upstream = await echoing(10)
    await using lab = await through({ request: icap.service })
    assert.match(await post(lab, upstream, 'x'.repeat(5000)), /^HTTP\/1\.1 200 /)
    assert.match(upstream.received(), /\r\nX-Scanned: yes\r\n[^]*redacted!/)
    for (target of ['host', 'path']) assert.equal(answerOf(await post(lab, upstream, 'x')), '503 icap-failed')
  })

  test('changes answers, of which the length is then its own', async () => {
    await using icap = await startFakeIcap((request) => {
      if (!request.startsWith('RESPMOD')) return undefined
      const head = /\r\n\r\n(HTTP\/1\.1 [^]*?\r\n\r\n)/.exec(request)![1]!
      return adapted([['res-hdr', head]], 'clean')
    })
    await using upstream = await echoing(5000)
    await using lab = await through({ response: icap.service })
    const answer = await get(lab, upstream)
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n(?![^]*Content-Length)[^]*5\r\nclean\r\n0\r\n\r\n$/)
  })

  test('is asked again over a new connection when the kept one is gone', async () => {
    await using icap = await startFakeIcap((request, socket) => {
      if (request.startsWith('OPTIONS')) return undefined
      setTimeout(() => socket.end(), 20)
      return 'ICAP/1.0 204 No\r\n\r\n'
    })
    await using upstream = await echoing(10)
    await using lab = await through({ request: icap.service })
    for (let at = 0; at < 3; at++) {
      assert.match(await post(lab, upstream, 'x'), /^HTTP\/1\.1 200 /)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    assert.equal(lab.proxy.counts().totals.icapFailed, 0)
  })
})

suite('a content service that cannot be asked', () => {
  const broken: readonly (readonly [string, (request: string) => string | null | undefined])[] = [
    ['closes', () => null],
    ['says nothing', () => undefined],
    ['is no ICAP', () => 'HTTP/1.1 200 OK\r\n\r\n'],
    ['answers with 500', () => 'ICAP/1.0 500 Oops\r\n\r\n'],
    ['answers with 206, which was not offered', () => 'ICAP/1.0 206 Partial\r\nEncapsulated: null-body=0\r\n\r\n'],
    ['has no Encapsulated', () => 'ICAP/1.0 200 OK\r\n\r\n'],
    ['has two', () => 'ICAP/1.0 200 OK\r\nEncapsulated: null-body=0\r\nEncapsulated: null-body=0\r\n\r\n'],
    ['says offsets that go back', () => 'ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=10, res-body=5\r\n\r\n'],
    ['says offsets without end', () => 'ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=999999999\r\n\r\n'],
    ['gives back no request', () => adapted([['req-hdr', 'GET\r\n\r\n']], 'x')],
    [
      'gives back two requests in one',
      () => adapted([['req-hdr', 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n']], 'x'),
    ],
    ['answers with an interim answer', () => adapted([['res-hdr', 'HTTP/1.1 100 Continue\r\n\r\n']], null)],
    ['folds its fields', () => 'ICAP/1.0 204 No\r\nX: a\r\n b\r\n\r\n'],
    ['asks for more than there is', (request) => (request.includes('ieof') ? 'ICAP/1.0 100 Continue\r\n\r\n' : null)],
  ]
  for (const [name, answer] of broken) {
    test(`that ${name}: the request is refused, or passes where it may`, async () => {
      const icapFor = (): Promise<FakeIcap> =>
        startFakeIcap((request) => (request.startsWith('OPTIONS') ? OPTIONS : answer(request)))
      const bounds = { timeouts: { icapMs: 300 } }
      await using icap = await icapFor()
      await using upstream = await echoing(10)
      await using closed = await through({ request: icap.service }, bounds)
      assert.equal(answerOf(await post(closed, upstream, 'x')), '503 icap-failed')
      assert.equal(upstream.received(), '')
      await using open = await through({ request: icap.service, passesOnFailure: true }, bounds)
      const answered = await post(open, upstream, 'x')
      // What a service gave back is never taken for what it let pass.
      if (/gives back no|interim/.test(name)) assert.equal(answerOf(answered), '503 icap-failed')
      else assert.match(answered, /^HTTP\/1\.1 200 /)
      assert.equal(open.proxy.counts().totals.icapFailed, 1)
      assert.equal(open.proxy.counts().totals.defects, 0)
    })
  }

  test('nobody listens: every request is refused, without waiting each time', async () => {
    await using upstream = await echoing(10)
    await using lab = await through({ request: { host: '127.0.0.1', port: 9, path: '/x' } })
    for (let at = 0; at < 3; at++) assert.equal(answerOf(await get(lab, upstream)), '503 icap-failed')
  })

  test('a body that is longer than may be kept is refused, or passes whole', async () => {
    const asksForAll = (request: string): string | undefined =>
      request.startsWith('OPTIONS') ? undefined : 'ICAP/1.0 100 Continue\r\n\r\n'
    await using icap = await startFakeIcap(asksForAll)
    await using upstream = await echoing(10)
    const chunked = (to: Upstream): string =>
      `POST http://up.example.com:${to.port}/ HTTP/1.1\r\nHost: up.example.com:${to.port}\r\nTransfer-Encoding: chunked\r\n\r\n${`1388\r\n${'x'.repeat(5000)}\r\n`.repeat(10)}0\r\n\r\n`
    const limits = { limits: { icapBytes: 20_000 } }
    await using closed = await through({ request: icap.service }, limits)
    assert.equal(answerOf(await closed.send(chunked(upstream))), '503 icap-failed')
    await using open = await through({ request: icap.service, passesOnFailure: true }, limits)
    assert.match(await open.send(chunked(upstream)), /^HTTP\/1\.1 200 /)
    assert.equal(upstream.received().match(/x{5,}/g)?.join('').length, 50_000)
  })
})
