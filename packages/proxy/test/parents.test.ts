import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { parseDomainPattern } from '@sallyport/net'
import { accessLogLine, authenticateBy, type ParentProxy } from '@sallyport/proxy'
import { answerOf, startLab, startUpstream, type Lab } from './lab.fixture.ts'
import { madeCertificate, openConnect, startTlsEcho, tlsGreeting } from './tls.fixture.ts'

const users = new Map([['ann', { hash: hashSync('secret', 4), groups: [] }]])
const ANN = { user: 'ann', password: 'secret' }
const get = (authority: string): string => `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`

suite('connections go through the parent that is for the host', () => {
  const certificate = madeCertificate('localhost')
  const startParent = async (scheme: ParentProxy['scheme']): Promise<Lab> =>
    startLab({
      authenticate: authenticateBy({ users, tokens: null, isRequired: true }),
      listen: [{ address: '127.0.0.1', port: 0, isTls: scheme === 'https' }],
      tls: { ...certificate, clientCa: null },
    })
  const way = (scheme: ParentProxy['scheme'], { port }: Lab, change: Partial<ParentProxy> = {}): ParentProxy => ({
    scheme,
    domain: null,
    host: scheme === 'https' ? 'localhost' : '127.0.0.1',
    port,
    credentials: ANN,
    ca: certificate.cert,
    ...change,
  })

  for (const [scheme, seen] of [
    ['http', 'up.example.com'],
    ['https', 'up.example.com'],
    ['socks5h', 'up.example.com'],
    ['socks5', '127.0.0.1'],
  ] as const) {
    test(`${scheme}, with its credentials: ${seen} is asked for, by requests and by tunnels`, async () => {
      await using server = await startTlsEcho()
      await using web = await startUpstream()
      await using parent = await startParent(scheme)
      await using lab = await startLab({
        parents: [way(scheme, parent, { domain: parseDomainPattern('.example.com') })],
      })
      const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
      assert.equal(await tlsGreeting(socket, 'up.example.com'), 'hello')
      const named = get(`up.example.com:${web.port}`)
      assert.match(await lab.send(named, named), /200 OK[^]*200 OK/)
      await parent.recorded(3)
      const asked = new Set(parent.records.map(({ host, user }) => `${host} ${user}`))
      assert.deepEqual(asked, new Set([`${seen} ann`]))
      const count = parent.records.length
      assert.equal(answerOf(await lab.send(get(`127.0.0.1:${web.port}`))), '200', 'a host of no parent')
      assert.equal(parent.records.length, count)
      await lab.recorded(3)
      const ways = lab.records.map((record) => accessLogLine(record, 'squid').split(' ').at(-2))
      const next = `FIRSTUP_PARENT/${scheme === 'https' ? 'localhost' : '127.0.0.1'}:${parent.port}`
      assert.deepEqual(new Set(ways), new Set([next, 'HIER_DIRECT/127.0.0.1']))
    })

    test(`${scheme}: a parent that does not know who asks is no way, nor is the server without it`, async () => {
      await using web = await startUpstream()
      await using parent = await startParent(scheme)
      for (const credentials of [null, { user: 'ann', password: 'wrong' }]) {
        await using lab = await startLab({ parents: [way(scheme, parent, { credentials })] })
        assert.equal(answerOf(await lab.send(get(`up.example.com:${web.port}`))), '502 parent-refused')
      }
      assert.equal(web.received(), '')
    })
  }

  test('but for one whose certificate does not hold', async () => {
    await using web = await startUpstream()
    await using parent = await startParent('https')
    for (const change of [{ ca: null }, { host: '127.0.0.1' }]) {
      await using lab = await startLab({ parents: [way('https', parent, change)] })
      assert.equal(answerOf(await lab.send(get(`up.example.com:${web.port}`))), '502 connect-failed')
    }
    await parent.recorded(0)
    assert.equal(parent.proxy.counts().totals.requestsConnect, 0)
  })

  test('and one that says what no proxy says is no way', async () => {
    await using web = await startUpstream()
    for (const scheme of ['http', 'socks5'] as const) {
      for (const answer of [
        '\x04\x5a',
        'SSH-2.0-x\r\n\r\n',
        '\x05\x03',
        '\x05\x00\x05\x00\x00\x07',
        'HTTP/1.1 407 No\r\n\r\n',
      ]) {
        await using wrong = await startUpstream((socket) => socket.end(Buffer.from(answer, 'latin1')))
        await using lab = await startLab({
          parents: [{ scheme, domain: null, host: '127.0.0.1', port: wrong.port, credentials: null }],
        })
        assert.equal(answerOf(await lab.send(get(`up.example.com:${web.port}`))), '502 parent-refused')
      }
    }
    assert.equal(web.received(), '')
  })
})
