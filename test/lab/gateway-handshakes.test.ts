import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FlowRecord } from '@sallyport/flow'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { clientHello } from '../e2e/client-hello.ts'
import { quicInitials } from '../e2e/quic-initial.ts'
import { withEch } from '../e2e/with-ech.ts'
import { officePolicy, readMetric, readRecorded } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, startGateway } from './guarded-network.ts'
import { startServices, type Arrivals } from './lab-services.ts'
import { needsRoot, type Ended, type Lab, type Started } from './open-lab.ts'

const FORGER = fileURLToPath(new URL('./forger.py', import.meta.url))

const SHARED = ['198.51.100.10', '2001:db8:1::10']
const OTHERS = ['198.51.100.20', '2001:db8:1::20']
const WEB = 'id: web, action: allow, to: [allowed.test], ports: [443]'
const TLS = "id: tls, action: allow, to: ['0.0.0.0/0', '::/0'], protocol: [tls]"

suite('handshakes through a gateway', { skip: needsRoot }, () => {
  let lab: Lab
  let world: Arrivals
  let gateway: Started | null = null
  before(async () => {
    lab = await openGuardedNetwork()
    const [cert, key] = ['cert', 'key'].map((name) => join(lab.directory, `${name}.pem`)) as [string, string]
    const ask = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lab'.split(' ')
    execFileSync('openssl', [...ask, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    world = await startServices(lab, 'world', {
      dns: { at: '198.51.100.53', zone: { 'allowed.test': SHARED, 'other.test': SHARED, 'denied.test': OTHERS } },
      https: { at: [...SHARED, ...OTHERS].map((host) => `${host} 443`), cert, key },
      tcp: SHARED.map((host) => `${host} 7000`),
      udp: SHARED.map((host) => `${host} 7000`),
    })
  })
  after(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    await lab?.[Symbol.asyncDispose]()
  })

  const under = async (...rules: readonly string[]): Promise<void> => {
    gateway ??= await startGateway(lab, ['--report', 'flows.jsonl', '--metrics', '127.0.0.1:9100'])
    const files = [{ file: 'office.yaml', text: officePolicy(...rules) }]
    await askSallyport(lab, 'router', '/apply', { files, mode: 'enforce', author: 'lab' })
  }
  const curl = (...args: readonly string[]): Promise<Ended> => lab.run('client', ['curl', '-sSk', '-m4', ...args])
  /** Over TLS for a name, at an address whatever the name resolves to. */
  const at = (name: string, address: string): Promise<Ended> =>
    curl('--resolve', `${name}:443:${address.includes(':') ? `[${address}]` : address}`, `https://${name}/`)
  /** A connection that says what it is, and then goes on. */
  const keeping = async (): Promise<readonly string[]> => [
    'python3',
    '-c',
    KEEP,
    '198.51.100.10',
    Buffer.from(await clientHello('any.test')).toString('hex'),
  ]
  /** What a hello is answered with that is sent in pieces, each a segment. */
  const greeted = async (hello: Uint8Array, cuts: readonly number[] = []): Promise<string> => {
    const edges = [0, ...cuts, hello.length]
    const pieces = edges.slice(1).map((end, index) => Buffer.from(hello.subarray(edges[index], end)).toString('hex'))
    return (await lab.run('client', ['python3', '-c', PIECES, '198.51.100.10', ...pieces])).stdout.trim()
  }
  const metric = (name: string): Promise<number> => readMetric(lab, name)
  const recorded = (): readonly FlowRecord[] => readRecorded(lab)
  const connections = async (): Promise<string> =>
    (await lab.run('world', ['ss', '-Htn', 'state', 'established', 'sport', '=', ':443'])).stdout.trim()

  test('a name that is allowed and stated passes, over IPv4 and IPv6, and is recorded', async () => {
    await under(WEB)
    for (const family of ['-4', '-6']) {
      const { stdout, stderr } = await curl(family, 'https://allowed.test/')
      assert.match(stdout, /hello/, stderr)
    }
    const seen = (): FlowRecord | undefined => recorded().find(({ domain }) => domain === 'allowed.test')
    await eventually(() => seen() !== undefined, 'it is recorded')
    assert.deepEqual([seen()?.protocol, seen()?.verdict.rule, seen()?.src], ['tls', 'web', '10.77.0.10'])
  })

  test('another name at the same address is refused; client and server are told, and the server has read nothing', async () => {
    await under(WEB)
    for (const address of SHARED) {
      assert.equal((await at('allowed.test', address)).status, 0)
      const { status, stderr } = await at('other.test', address)
      assert.equal(status, 35, stderr)
    }
    assert.deepEqual(
      world.all().filter(({ name }) => name === 'other.test'),
      [],
    )
    await eventually(async () => (await connections()) === '', 'no connection is left at the server')
  })

  test('where only TLS is allowed it passes on any port, and nothing else does on any', async () => {
    await under(TLS)
    const say = (what: string): Promise<Ended> =>
      lab.run('client', ['sh', '-c', `(printf '${what}'; sleep 1) | socat -t1 - TCP4:198.51.100.10:7000`])
    assert.equal((await say('SSH-2.0-x\\r\\n')).stdout, '')
    assert.equal((await say('GET / HTTP/1.1\\r\\nHost: allowed.test\\r\\n\\r\\n')).stdout, '')
    assert.equal((await at('any.test', '198.51.100.20')).status, 0)
  })

  test('a client that makes its packets by itself does not get past with octets that the server never reads', async () => {
    await under(TLS)
    const hello = Buffer.from(await clientHello('any.test')).toString('hex')
    // The kernel of the client knows nothing of the connection, and must not say so.
    const resets = '-p tcp --tcp-flags RST,ACK RST -j DROP'.split(' ')
    await lab.run('client', ['iptables-nft', '-A', 'OUTPUT', ...resets])
    const forge = async (mode: string): Promise<string> =>
      (await lab.run('client', ['python3', FORGER, '198.51.100.10', '7000', mode, hello])).stdout
    assert.match(await forge('honest'), /any\.test/)
    gateway!.child.kill('SIGSTOP')
    const same = lab.start('client', ['python3', FORGER, '198.51.100.10', '7000', 'same-number', hello])
    await same.says('asked')
    gateway!.child.kill('SIGCONT')
    await sleep(500)
    same.child.stdin!.end('\n')
    assert.doesNotMatch((await same.ended).stdout, /evil|no answer/)
    for (const mode of ['two-syns', 'before', 'lost-syn', 'short-lived', 'bad-checksum', 'again'])
      assert.doesNotMatch(await forge(mode), /evil|no answer/, mode)
    await lab.run('client', ['iptables-nft', '-F', 'OUTPUT'])
  })

  test('QUIC is judged by its first datagrams; what no handshake decides passes unasked', async () => {
    const send = async (datagrams: readonly Uint8Array[]): Promise<number> => {
      const hex = JSON.stringify(datagrams.map((each) => Buffer.from(each).toString('hex')))
      return Number((await lab.run('client', ['python3', '-c', DATAGRAMS, '198.51.100.10', '7000', hex])).stdout)
    }
    await under('id: no, action: deny, to: [denied.test]', "id: all, action: allow, to: ['0.0.0.0/0', '::/0']")
    const [bad, good] = [await clientHello('denied.test'), await clientHello('allowed.test')]
    assert.equal(await send(quicInitials(bad.subarray(5), [30])), 0)
    assert.equal(await send(quicInitials(good.subarray(5), [30])), 2)
    assert.equal(await send([Buffer.from('what this is nobody knows')]), 1)
  })

  test('a post-quantum hello is judged by its name however it is cut, and a client of Node goes on with it', async () => {
    await under(WEB)
    await curl('https://allowed.test/')
    const hello = (name: string): Promise<Uint8Array> => clientHello(name, 'X25519MLKEM768')
    const [good, bad] = [await hello('allowed.test'), await hello('other.test')]
    assert.ok(good.length > 1460, 'more than a segment')
    for (const cuts of [[], [1], [5, 300], [1000], [good.length - 1]]) {
      assert.equal(await greeted(good, cuts), 'server hello', String(cuts))
      assert.equal(await greeted(bad, cuts), 'ECONNRESET', String(cuts))
    }
    const node = async (name: string): Promise<string> =>
      (await lab.run('client', [process.execPath, '-e', NODE_CLIENT, '198.51.100.10', name])).stdout.trim()
    assert.deepEqual([await node('allowed.test'), await node('other.test')], ['connected', 'ECONNRESET'])
  })

  test('of an Encrypted ClientHello the outer name is judged; where a rule needs the inner one it is refused', async () => {
    const hello = async (name: string): Promise<Uint8Array> => withEch(await clientHello(name))
    await under(WEB)
    await curl('https://allowed.test/')
    assert.equal(await greeted(await hello('allowed.test')), 'server hello')
    for (const outer of ['other.test', 'cover.test'])
      assert.equal(await greeted(await hello(outer)), 'ECONNRESET', outer)
    await under('id: no, action: deny, to: [allowed.test]', TLS)
    assert.equal(await greeted(await hello('cover.test')), 'ECONNRESET', 'the address is one of the denied name')
    await under(TLS)
    assert.equal(await greeted(await hello('cover.test')), 'server hello')
  })

  test('a policy that comes later is applied to what the handshake said', async () => {
    await under(TLS)
    const open = lab.start('client', await keeping())
    await open.says('open')
    await under(TLS, 'id: more, action: allow, to: [198.51.100.20], ports: [80]')
    await sleep(300)
    assert.equal(open.child.exitCode, null)
    await under(WEB)
    assert.match((await open.ended).stdout, /ECONNRESET/)
  })

  test('only the first packets of a connection are looked at', async () => {
    await under(TLS)
    const before = await metric('sallyport_inspection_packets_total')
    for (const address of SHARED) {
      const { stdout } = await curl(
        '--resolve',
        `any.test:443:[${address}]`.replaceAll(/\[(\d+\.[^\]]+)\]/g, '$1'),
        'https://any.test/3000000',
      )
      assert.equal(stdout.length, 3_000_000)
    }
    const looked = (await metric('sallyport_inspection_packets_total')) - before
    assert.ok(looked >= 2 && looked <= 8, `${looked} packets of two connections`)
  })

  for (const [ended, signal] of [
    ['killed', 'SIGKILL'],
    ['made to make way', 'SIGHUP'],
  ] as const)
    test(`${ended} while it enforces, what was decided goes on and nothing new is let in; the next takes over`, async () => {
      await under(TLS)
      assert.equal((await at('any.test', '198.51.100.10')).status, 0)
      const kept = lab.start('client', await keeping())
      await kept.says('open')
      gateway?.child.kill(signal)
      await gateway?.ended
      gateway = null
      assert.notEqual((await at('any.test', '198.51.100.10')).status, 0)
      await under(TLS)
      assert.equal((await at('any.test', '198.51.100.10')).status, 0)
      assert.equal(kept.child.exitCode, null, 'the open connection is still served')
      kept.child.kill()
      await kept.ended
    })

  test('a clean stop leaves no rule of it', async () => {
    await under(TLS)
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    gateway = null
    assert.equal((await lab.run('router', ['nft', 'list', 'tables'])).stdout.trim(), '')
    assert.doesNotMatch((await lab.run('router', ['tc', 'qdisc', 'show', 'dev', 'lan'])).stdout, /clsact/)
  })
})

const DATAGRAMS = `
import json, socket, sys, time
host, port, datagrams = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect((host, port))
got = 0
try:
    for each in datagrams:
        s.send(bytes.fromhex(each))
        time.sleep(0.05)
    while True:
        s.recv(65536)
        got += 1
except OSError:
    pass
print(got)
`

const KEEP = `
import errno, socket, sys, time
s = socket.create_connection((sys.argv[1], 7000), 3)
s.settimeout(3)
s.sendall(bytes.fromhex(sys.argv[2]))
try:
    while s.recv(4096):
        print('open', flush=True)
        time.sleep(0.1)
        s.sendall(b'more')
except OSError as problem:
    print(errno.errorcode.get(problem.errno, str(problem)))
`

const PIECES = `
import errno, socket, sys, time
s = socket.create_connection((sys.argv[1], 443), 3)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.settimeout(5)
try:
    for piece in sys.argv[2:]:
        s.send(bytes.fromhex(piece))
        time.sleep(0.01)
    print('server hello' if s.recv(6)[:1] == bytes([22]) else 'something else')
except TimeoutError:
    print('silence')
except OSError as error:
    print(errno.errorcode[error.errno])
`

const NODE_CLIENT = `
const [host, servername] = process.argv.slice(1)
const socket = require('node:tls').connect({ host, port: 443, servername, rejectUnauthorized: false, ecdhCurve: 'X25519MLKEM768' })
socket.on('error', ({ code }) => console.log(code))
socket.on('secureConnect', () => socket.end(() => console.log('connected')))
`
