import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { suite, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { authenticateBy, readUsers, type PasswordEntry } from '@sallyport/proxy'
import { answerOf, labPolicy, startLab, startUpstream, type Lab } from './lab.fixture.ts'
import { TokenCheck } from '../src/identity/token-check.ts'
import { certificateIdentity } from '../src/identity/certificate-identity.ts'
import { madeCertificate, openConnect } from './tls.fixture.ts'

const STAFF = [{ id: 'staff', action: 'allow', from: [{ group: 'staff' }], to: ['127.0.0.1'] }] as const
const users = readUsers(
  `# people\nann:${hashSync('secret', 4)}:staff,ops\nbob:${hashSync('secret', 4)}\n`,
) as ReadonlyMap<string, PasswordEntry>
const basic = (user: string, password: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}\r\n`

async function ask(lab: Lab, port: number, fields: string): Promise<string> {
  const authority = `127.0.0.1:${port}`
  return answerOf(await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`))
}

suite('who asks', () => {
  test('by user and password: rules see the user and the groups, and nobody gets in without', async () => {
    await using upstream = await startUpstream()
    const authenticate = authenticateBy({ users, tokens: null, isRequired: true })
    await using lab = await startLab({ policy: labPolicy(STAFF), authenticate })
    assert.equal(await ask(lab, upstream.port, basic('ann', 'secret')), '200')
    assert.equal(await ask(lab, upstream.port, basic('bob', 'secret')), '403 denied')
    for (const fields of [
      '',
      basic('ann', 'wrong'),
      basic('eve', 'secret'),
      basic('', 'secret'),
      basic('ann', 'secret').replace('Basic', 'Digest'),
      basic('ann', 'secret').repeat(2),
      'Proxy-Authorization: Basic !!!\r\n',
      'Proxy-Authorization: Basic\r\n',
    ]) {
      assert.equal(await ask(lab, upstream.port, fields), '407 authentication-required', fields)
    }
    await lab.recorded(2)
    assert.deepEqual(
      lab.records.slice(0, 2).map(({ user }) => user),
      ['ann', 'bob'],
    )
    assert.doesNotMatch(upstream.received(), /authorization/i)
  })

  test('by SOCKS user and password', async () => {
    await using upstream = await startUpstream()
    const authenticate = authenticateBy({ users, tokens: null, isRequired: true })
    await using lab = await startLab({ policy: labPolicy(STAFF), authenticate })
    const login = (password: string): Buffer =>
      Buffer.from(`\x01\x03ann${String.fromCharCode(password.length)}${password}`, 'latin1')
    const request = Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, upstream.port >> 8, upstream.port & 255])
    const octets = async (...parts: Uint8Array[]): Promise<number[]> => [
      ...Buffer.from(await lab.send(...parts), 'latin1'),
    ]
    assert.deepEqual(
      (await octets(Uint8Array.from([5, 2, 0, 2]), login('secret'), request)).slice(0, 6),
      [5, 2, 1, 0, 5, 0],
    )
    assert.deepEqual(await octets(Uint8Array.from([5, 1, 2]), login('wrong'), request), [5, 2, 1, 1])
    assert.deepEqual(await octets(Uint8Array.from([5, 1, 0]), request), [5, 255])
  })

  test('without credentials where those are optional, a client is nobody', async () => {
    await using upstream = await startUpstream()
    const authenticate = authenticateBy({ users, tokens: null, isRequired: false })
    await using lab = await startLab({ policy: labPolicy(STAFF), authenticate })
    assert.equal(await ask(lab, upstream.port, ''), '403 denied')
    assert.equal(await ask(lab, upstream.port, basic('ann', 'wrong')), '407 authentication-required')
  })

  test('by a token: its key, its time, its issuer and its audience must hold', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const other = await generateKeyPair('ES256')
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] }
    const tokens = { keys, issuer: 'https://id.example', audience: 'proxy' }
    await using upstream = await startUpstream()
    await using lab = await startLab({
      policy: labPolicy(STAFF),
      authenticate: authenticateBy({ users: null, tokens, isRequired: true }),
    })
    const made = (change: { issuer?: string; audience?: string; time?: string; groups?: string[] }, key = privateKey) =>
      new SignJWT({ groups: change.groups ?? ['staff'], preferred_username: 'ann' })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .setIssuer(change.issuer ?? 'https://id.example')
        .setAudience(change.audience ?? 'proxy')
        .setExpirationTime(change.time ?? '1h')
        .sign(key)
    const asked = async (token: string): Promise<string> =>
      ask(lab, upstream.port, `Proxy-Authorization: Bearer ${token}\r\n`)
    assert.equal(await asked(await made({})), '200')
    assert.equal(await asked(await made({ groups: ['guests'] })), '403 denied')
    assert.equal(await asked(await made({ issuer: 'https://evil.example' })), '407 authentication-required')
    assert.equal(await asked(await made({ audience: 'mail' })), '407 authentication-required')
    assert.equal(await asked(await made({ time: '-1h' })), '407 authentication-required')
    assert.equal(await asked(await made({}, other.privateKey)), '407 authentication-required')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await made({})).split('.')[1]}.`
    assert.equal(await asked(none), '407 authentication-required')
  })

  test('by a token of a key that was not there at the start, and no more by one that is gone', async (t) => {
    const [one, two] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
    let shown = { ...(await exportJWK(one.publicKey)), kid: 'one', alg: 'ES256' }
    const server = createServer((_, response) => response.end(JSON.stringify({ keys: [shown] }))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const keys = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const tokens = new TokenCheck({ keys, issuer: null, audience: null })
    const token = async (kid: string, { privateKey }: typeof one): Promise<string> =>
      new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('1h').sign(privateKey)
    const [old, fresh] = [await token('one', one), await token('two', two)]
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    assert.equal((await tokens.check(old))?.user, 'ann')
    shown = { ...(await exportJWK(two.publicKey)), kid: 'two', alg: 'ES256' }
    assert.equal(await tokens.check(fresh), null, 'asked again so soon')
    t.mock.timers.tick(31_000)
    assert.equal((await tokens.check(fresh))?.user, 'ann')
    assert.equal(await tokens.check(old), null)
    server.closeAllConnections()
    server.close()
    t.mock.timers.tick(11 * 60_000)
    assert.equal(await tokens.check(fresh), null, 'whose keys cannot be asked for any more')
  })

  test('by a client certificate over TLS to the proxy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-mtls-'))
    const path = (name: string): string => join(folder, name)
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore', cwd: folder })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '2')
    openssl('req', ...key, '-keyout', 'ann.key', '-out', 'ann.csr', '-subj', '/OU=staff/CN=ann')
    openssl(
      'x509',
      '-req',
      '-in',
      'ann.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'ann.pem',
      '-days',
      '2',
    )
    const read = (name: string): string => readFileSync(path(name), 'utf8')
    const [ca, cert, secret] = [read('ca.pem'), read('ann.pem'), read('ann.key')]
    rmSync(folder, { recursive: true })
    await using upstream = await startUpstream()
    await using lab = await startLab({
      policy: labPolicy(STAFF),
      listen: [{ address: '127.0.0.1', port: 0, isTls: true }],
      tls: { ...madeCertificate('proxy.example'), clientCa: ca },
    })
    const authority = `127.0.0.1:${upstream.port}`
    const asked = async (own: object): Promise<string> => {
      const socket = connectTls({ port: lab.port, rejectUnauthorized: false, ...own })
      socket.write(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      socket.on('error', () => {})
      try {
        return await new Promise<string>((resolve) => {
          socket.once('data', (answer: Buffer) => resolve(answerOf(answer.toString())))
          socket.once('close', () => resolve('closed'))
        })
      } finally {
        socket.destroy()
      }
    }
    assert.equal(await asked({ cert, key: secret }), '200')
    await lab.recorded(1)
    assert.equal(lab.records[0]?.user, 'ann')
    assert.equal(await asked({}), 'closed')
    const stranger = madeCertificate('ann')
    assert.equal(await asked(stranger), 'closed')
  })

  test('a password file says where it is wrong', () => {
    assert.deepEqual(readUsers('ann:{SHA}x\n'), {
      line: 1,
      problem: 'the hash of ann is not bcrypt; write it with htpasswd -B',
    })
    assert.deepEqual(readUsers('\nann\n'), { line: 2, problem: 'not user:hash or user:hash:group,group' })
  })
})

suite('what stands before and behind the proxy', () => {
  test('a certificate has the names that stand in it, and none that stand within another', () => {
    const userOf = (subjectaltname: string): string | null | undefined =>
      certificateIdentity({ subject: { CN: 'common' }, subjectaltname } as PeerCertificate)?.user
    assert.equal(userOf('DNS:a.example, email:ann@corp.example'), 'ann@corp.example')
    assert.equal(userOf('URI:spiffe://corp.example/web'), 'spiffe://corp.example/web')
    assert.equal(userOf('DNS:"a, email:root@corp.example, DNS:b"'), 'common')
    assert.equal(userOf('DNS:"a\\", email:root@corp.example, \\"b", email:ann@corp.example'), 'ann@corp.example')
  })

  test('a PROXY header says where a client is, and only a load balancer may send it', async () => {
    await using upstream = await startUpstream()
    const policy = labPolicy([{ id: 'net', action: 'allow', from: [{ network: '192.0.2.0/24' }], to: ['127.0.0.1'] }])
    const authority = `127.0.0.1:${upstream.port}`
    const get = `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
    await using lab = await startLab({ policy, proxyHeaderFrom: () => true })
    const line = (source: string): string => `PROXY TCP4 ${source} 127.0.0.1 4000 3128\r\n${get}`
    assert.equal(answerOf(await lab.send(line('192.0.2.7'))), '200')
    await lab.recorded(1)
    assert.deepEqual(lab.records[0]?.client, { address: '192.0.2.7', port: 4000 })
    assert.equal(answerOf(await lab.send(line('198.51.100.7'))), '403 denied')
    assert.equal(await lab.send(get), '')
    await using closed = await startLab({ policy, proxyHeaderFrom: () => false })
    assert.equal(await closed.send(line('192.0.2.7')), '')
    await using plain = await startLab({ policy })
    assert.equal(answerOf(await plain.send(line('192.0.2.7'))), '400 bad-request')
  })

  test('the PAC file sends all but the own network through the proxy, and what the policy names of it', async () => {
    await using lab = await startLab({
      policy: labPolicy([
        { id: 'lan', action: 'allow', to: ['10.1.0.0/16'] },
        { id: 'all', action: 'allow' },
      ]),
    })
    const text = await lab.send('GET /proxy.pac HTTP/1.1\r\nHost: proxy.corp.example:3128\r\n\r\n')
    assert.match(text, /application\/x-ns-proxy-autoconfig/)
    const number = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    const isInNet = (host: string, network: string, mask: string): boolean =>
      (number(host) & number(mask)) >>> 0 === (number(network) & number(mask)) >>> 0
    const find = new Function(
      'isInNet',
      'isPlainHostName',
      'shExpMatch',
      `${text.slice(text.indexOf('function'))}; return FindProxyForURL`,
    )(
      isInNet,
      (host: string) => !host.includes('.'),
      (host: string, glob: string) => host.endsWith(glob.slice(1)),
    ) as (url: string, host: string) => string
    const answers = ['example.com', '203.0.113.9', '10.1.2.3', '10.2.2.3', '127.0.0.1', 'printer', 'a.localhost'].map(
      (host) => find('', host),
    )
    const proxy = 'PROXY proxy.corp.example:3128'
    assert.deepEqual(answers, [proxy, proxy, proxy, 'DIRECT', 'DIRECT', 'DIRECT', 'DIRECT'])
  })

  test('a request that has been here before is a loop', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab()
    await ask(lab, upstream.port, '')
    const [, via] = /Via: (\S+ \S+)\r\n/.exec(upstream.received())!
    assert.equal(await ask(lab, upstream.port, `Via: 1.1 x, ${via}\r\n`), '508 loop')
  })

  test('nobody comes back in through the proxy, where he would be this host', async () => {
    const policy = labPolicy([
      { id: 'host', action: 'allow', from: [{ network: '127.0.0.1' }], to: ['127.0.0.0/8'] },
      { id: 'none', action: 'deny' },
    ])
    for (const address of ['127.0.0.1', '0.0.0.0']) {
      await using lab = await startLab({ policy, listen: [{ address, port: 0 }] })
      for (const host of ['127.0.0.1', 'up.example.com', ...(address === '0.0.0.0' ? ['127.0.0.9'] : [])]) {
        const own = `${host}:${lab.port}`
        assert.equal(answerOf(await lab.send(`CONNECT ${own} HTTP/1.1\r\nHost: ${own}\r\n\r\n`)), '508 loop')
        assert.equal(
          answerOf(await lab.send(`GET http://${own}/proxy.pac HTTP/1.1\r\nHost: ${own}\r\n\r\n`)),
          '508 loop',
        )
      }
      assert.equal(lab.proxy.counts().totals.upstreamOpened, 0)
    }
  })

  test('a client that asks too often is told so, and one that holds too many connections is cut', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ limits: { requestsPerSecond: 2 } })
    const answers = []
    for (let index = 0; index < 3; index++) answers.push(await ask(lab, upstream.port, ''))
    assert.deepEqual(answers, ['200', '200', '429 too-many-requests'])
    await using narrow = await startLab({ limits: { connectionsPerClient: 1 } })
    const held = await openConnect(narrow.port, `127.0.0.1:${upstream.port}`)
    assert.equal(await narrow.send('GET / HTTP/1.1\r\n\r\n'), '')
    assert.equal(narrow.proxy.counts().refusals['too-many-connections'], 1)
    held.destroy()
  })
})
