import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, createServer, type AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { authenticateBy, KerberosAcceptor, readUsers, type PasswordEntry } from '@sallyport/proxy'
import { answerOf, labPolicy, startLab, startUpstream, type Lab, type Upstream } from '../lab.fixture.ts'
import { loadGssLibrary } from '../../src/identity/kerberos/gss-library.ts'
import { madeCertificate } from '../tls.fixture.ts'
import { serverEndPoint } from '../../src/identity/kerberos/server-end-point.ts'
import { boundToken } from './bound-token.fixture.ts'
import { startRealm, type Realm } from './realm.fixture.ts'

const run = promisify(execFile)
const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const missing = ['krb5kdc', 'kadmin.local', 'kinit', 'curl'].filter((command) => !has(command))

const restore = (name: string, value: string | undefined): void => {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

const STAFF = [{ id: 'staff', action: 'allow', from: [{ group: 'staff' }], to: ['127.0.0.1'] }] as const
const users = readUsers('ann@LAB.EXAMPLE:*:staff\n') as ReadonlyMap<string, PasswordEntry>

suite('who asks, by Kerberos', { skip: missing.length > 0 && `${missing.join(', ')} missing` }, () => {
  let realm: Realm
  let upstream: Upstream
  let lab: Lab
  const own = {
    config: process.env['KRB5_CONFIG'],
    replays: process.env['KRB5RCACHENAME'],
    tickets: process.env['KRB5CCNAME'],
  }
  before(async () => {
    realm = await startRealm('LAB.EXAMPLE', ['ann', 'bob'])
    // The library reads them of this process.
    process.env['KRB5_CONFIG'] = realm.environment['KRB5_CONFIG']
    process.env['KRB5CCNAME'] = realm.environment['KRB5CCNAME']
    process.env['KRB5RCACHENAME'] = `file2:${realm.keytab}.replays`
    upstream = await startUpstream()
    lab = await labOf(realm.keytab, ['LAB.EXAMPLE'])
    realm.logIn('ann')
  })
  after(async () => {
    await lab[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
    await realm[Symbol.asyncDispose]()
    restore('KRB5_CONFIG', own.config)
    restore('KRB5RCACHENAME', own.replays)
    restore('KRB5CCNAME', own.tickets)
  })

  const url = (): string => `http://127.0.0.1:${upstream.port}/`
  const labOf = (keytab: string, realms: readonly string[]): Promise<Lab> => {
    const kerberos = new KerberosAcceptor({ keytab, realms })
    return startLab({
      policy: labPolicy(STAFF),
      authenticate: authenticateBy({ users, tokens: null, kerberos, isRequired: true }),
    })
  }
  /** Status of every answer of the proxy and of the server, as curl saw them. */
  const curl = async (of: Realm, port: number, ...query: readonly string[]): Promise<string> => {
    const usual = ['-s', '-m', '10', '--proxy-negotiate', '-U', ':', '-x', `http://localhost:${port}`]
    const { stdout } = await run('curl', [...usual, '-o', '/dev/null', '-D', '-', ...query], { env: of.environment })
    return (stdout.match(/(?<=^HTTP\/1\.1 )\d{3}/gm) ?? []).join(' ')
  }
  /** A token for the proxy, which no proxy has seen yet. */
  const freshToken = async (): Promise<string> => {
    const server = createServer((socket) => {
      socket.once('data', (head: Buffer) => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        taken.resolve(/Proxy-Authorization: Negotiate (\S+)/.exec(head.toString())![1]!)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const taken = Promise.withResolvers<string>()
    await curl(realm, (server.address() as AddressInfo).port, url())
    server.close()
    return taken.promise
  }
  const get = (token: string | null): string =>
    `GET ${url()} HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n${token === null ? '' : `Proxy-Authorization: Negotiate ${token}\r\n`}\r\n`

  test('a ticket says who it is, for requests and for tunnels', async () => {
    const from = lab.records.length
    assert.equal(await curl(realm, lab.port, url()), '200')
    assert.equal(await curl(realm, lab.port, '-p', url()), '200 200')
    await lab.recorded(from + 3)
    assert.deepEqual(
      lab.records.slice(from).map(({ via, user, rule }) => `${via} ${user} ${rule}`),
      ['http', 'connect', 'tunnel'].map((via) => `${via} ann@LAB.EXAMPLE staff`),
    )
    assert.doesNotMatch(upstream.received(), /negotiate/i)
  })

  test('a user whom no rule allows is known and denied', async () => {
    const other: Realm = { ...realm, environment: { ...realm.environment, KRB5CCNAME: 'MEMORY:' } }
    const from = lab.records.length
    assert.equal(await curl(other, lab.port, url()), '407')
    realm.logIn('bob')
    assert.equal(await curl(realm, lab.port, url()), '403')
    realm.logIn('ann')
    assert.deepEqual(
      lab.records.slice(from).map(({ user, reason }) => `${user} ${reason}`),
      ['null authentication-required', 'bob@LAB.EXAMPLE denied'],
    )
  })

  test('a client shows its ticket once on a connection, and the proxy shows itself in turn', async () => {
    const held = await openConnection(lab.port)
    assert.equal(await held.ask(get(null)), '407')
    assert.match(held.last(), /Proxy-Authenticate: Negotiate\r/)
    assert.equal(await held.ask(get(await freshToken())), '200')
    assert.match(held.last(), /Proxy-Authenticate: Negotiate [\w+/]{40,}=*\r/)
    assert.equal(await held.ask(get(null)), '200')
    assert.doesNotMatch(held.last(), /Proxy-Authenticate/)
    held.close()
    // The next connection is another client's.
    assert.equal(answerOf(await lab.send(get(null))), '407 authentication-required')
  })

  test('a token that was used is refused', async () => {
    const token = await freshToken()
    assert.equal(answerOf(await lab.send(get(token))), '200')
    const again = await lab.send(get(token))
    assert.equal(answerOf(again), '407 authentication-required')
    assert.match(again, /replay/)
  })

  test('a ticket that has run out is refused, and ends what it settled on a connection', async () => {
    realm.logIn('ann', '-l', '4s')
    const held = await openConnection(lab.port)
    assert.equal(await held.ask(get(await freshToken())), '200')
    const unused = await freshToken()
    await sleep(7000)
    assert.equal(await held.ask(get(null)), '407')
    held.close()
    const late = await lab.send(get(unused))
    assert.equal(answerOf(late), '407 authentication-required')
    assert.match(late, /[Tt]icket expired/)
    realm.logIn('ann')
  })

  test('tickets of another realm, by another key or from one that is not taken, are refused', async () => {
    await using other = await startRealm('OTHER.EXAMPLE', ['ann'])
    other.logIn('ann')
    assert.equal(await curl(other, lab.port, url()), '407')
    await using elsewhere = await labOf(realm.keytab, ['OTHER.EXAMPLE'])
    const refused = await elsewhere.send(get(await freshToken()))
    assert.match(refused, /407 [^]*users of LAB\.EXAMPLE are not taken/)
    await using keyless = await labOf('/nonexistent/keytab', ['LAB.EXAMPLE'])
    assert.match(await keyless.send(get(await freshToken())), /407 [^]*the keys cannot be used/)
  })

  test('NTLM, alone or in SPNEGO, and what is no token are refused, many at a time', async () => {
    const ntlm = Buffer.from('NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2' + '\0'.repeat(24), 'latin1')
    assert.match(await lab.send(get(ntlm.toString('base64'))), /407 [^]*offers NTLM/)
    const long = Buffer.alloc(48_001).toString('base64')
    assert.match(await lab.send(get(long)), /407 [^]*more than 48000 octets/)
    const token = Buffer.from(await freshToken(), 'base64')
    const hostile = [
      spnegoInit([NTLM], ntlm),
      ...Array.from({ length: 60 }, (_, at) => token.subarray(0, at * 10)),
      ...Array.from({ length: 60 }, (_, at) => changed(token, at * 7)),
    ]
    const answers = await Promise.all(hostile.map((bytes) => lab.send(get(bytes.toString('base64')))))
    const refused = answers.filter((answer) => answerOf(answer) === '407 authentication-required')
    // Not every octet of a token is sealed; whatever was changed, it is one token, which holds once.
    assert.ok(refused.length >= hostile.length - 1)
    assert.equal(lab.proxy.counts().totals.defects, 0)
    assert.equal(answerOf(await lab.send(get(await freshToken()))), '200')
  })

  test('a login that takes more tokens goes on with its connection, and ends with it', async () => {
    // NTLM first, Kerberos second: the proxy asks for the other.
    const first = spnegoInit([NTLM, KERBEROS], Buffer.from('NTLMSSP\0\x01\0\0\0', 'latin1')).toString('base64')
    const held = await openConnection(lab.port)
    assert.equal(await held.ask(get(first)), '407')
    assert.match(held.last(), /Proxy-Authenticate: Negotiate \S{8,}\r/)
    assert.equal(await held.ask(get('AAAA')), '407')
    assert.match(held.last(), /Proxy-Authenticate: Negotiate\r/)
    assert.equal(await held.ask(get(await freshToken())), '200')
    assert.equal(await held.ask(get(first)), '407')
    held.close()
    assert.equal(answerOf(await lab.send(get(await freshToken()))), '200')
  })

  test('a ticket that is bound to a TLS connection holds on that one, over HTTP/1.1 and HTTP/2', async () => {
    const [own, other] = [madeCertificate('localhost'), madeCertificate('localhost')]
    const [here, elsewhere] = [serverEndPoint(own.cert)!, serverEndPoint(other.cert)!]
    for (const [mustBind, unbound] of [
      [false, 200],
      [true, 407],
    ] as const) {
      const kerberos = new KerberosAcceptor({ keytab: realm.keytab, realms: ['LAB.EXAMPLE'], mustBind })
      await using secure = await startLab({
        policy: labPolicy(STAFF),
        authenticate: authenticateBy({ users, tokens: null, kerberos, isRequired: true }),
        listen: [{ address: '127.0.0.1', port: 0, isTls: true }],
        tls: { ...own, clientCa: null },
      })
      for (const protocol of ['h2', 'http/1.1']) {
        assert.equal(await statusOver(secure.port, protocol, boundToken(here)), 200)
        assert.equal(await statusOver(secure.port, protocol, boundToken(elsewhere)), 407)
        assert.equal(await statusOver(secure.port, protocol, boundToken(null)), unbound)
      }
    }
  })

  const statusOver = async (port: number, protocol: string, token: string): Promise<number> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: [protocol] })
    await once(socket, 'secureConnect')
    using _closed = { [Symbol.dispose]: () => void socket.destroy() }
    if (protocol === 'http/1.1') {
      socket.write(get(token))
      const [head] = (await once(socket, 'data')) as [Buffer]
      return Number(head.toString('latin1').slice(9, 12))
    }
    const session = connectHttp2('https://localhost', { createConnection: () => socket })
    const stream = session.request({
      ':path': '/',
      ':scheme': 'http',
      ':authority': `127.0.0.1:${upstream.port}`,
      'proxy-authorization': `Negotiate ${token}`,
    })
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    session.destroy()
    return Number(head[':status'])
  }

  test('a stream of HTTP/2 logs in for itself', async () => {
    await using secure = await startLab({
      policy: labPolicy(STAFF),
      authenticate: authenticateBy({
        users,
        tokens: null,
        kerberos: new KerberosAcceptor({ keytab: realm.keytab, realms: ['LAB.EXAMPLE'] }),
        isRequired: true,
      }),
      listen: [{ address: '127.0.0.1', port: 0, isTls: true }],
      tls: { ...madeCertificate('localhost'), clientCa: null },
    })
    const session = connectHttp2(`https://127.0.0.1:${secure.port}`, { rejectUnauthorized: false })
    const asked = async (fields: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
      const host = `127.0.0.1:${upstream.port}`
      const stream = session.request({ ':path': '/', ':scheme': 'http', ':authority': host, ...fields })
      const [head] = (await once(stream, 'response')) as [Record<string, string>]
      stream.resume()
      await once(stream, 'close')
      return [head[':status'], /^Negotiate \S{40,}$/.test(head['proxy-authenticate'] ?? '')]
    }
    assert.deepEqual(await asked({ 'proxy-authorization': `Negotiate ${await freshToken()}` }), [200, true])
    assert.deepEqual(await asked({}), [407, false])
    session.close()
  })
})

test('a machine without the library says so', () => {
  assert.throws(() => loadGssLibrary('libnone.so.0'), { code: 'kerberos-unavailable' })
})

const KERBEROS = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2]
const NTLM = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x0a]

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const octets = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(tag, octets.length), octets])
}

/** NegTokenInit (RFC 4178 §4.2.1) with a token for the first mechanism. */
function spnegoInit(mechanisms: readonly (readonly number[])[], token: Buffer): Buffer {
  const types = der(0xa0, der(0x30, ...mechanisms.map((one) => der(6, Uint8Array.from(one)))))
  const inner = der(0xa0, der(0x30, types, der(0xa2, der(4, token))))
  return der(0x60, der(6, Uint8Array.of(0x2b, 6, 1, 5, 5, 2)), inner)
}

/** The token with an octet that is another. */
function changed(token: Buffer, at: number): Buffer {
  const copy = Buffer.from(token)
  copy[at % copy.length]! ^= 0x41
  return copy
}

type Connection = {
  readonly ask: (text: string) => Promise<string>
  readonly last: () => string
  readonly close: () => void
}

/** A connection that is kept between requests; `ask` gives the status of the answer. */
async function openConnection(port: number): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let last = ''
  return {
    ask: async (text) => {
      last = ''
      socket.write(text)
      for (let length = Infinity; last.length < length;) {
        const [piece] = (await once(socket, 'data')) as [Buffer]
        last += piece.toString('latin1')
        const end = last.indexOf('\r\n\r\n')
        if (end > 0) length = end + 4 + Number(/^content-length: (\d+)/im.exec(last)![1])
      }
      return last.slice(9, 12)
    },
    last: () => last,
    close: () => socket.destroy(),
  }
}
