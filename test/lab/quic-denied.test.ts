import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { clientHello } from '../e2e/client-hello.ts'
import { quicInitials } from '../e2e/quic-initial.ts'
import { officePolicy, readRecorded } from './gateway-readings.ts'
import { startEndpoint } from './guarded-endpoint.ts'
import { askSallyport, openGuardedNetwork, RESOLVER, sallyport, startGateway } from './guarded-network.ts'
import { startServices } from './lab-services.ts'
import { needsRoot, type Lab, type Started } from './open-lab.ts'

const SERVE_PAGE = fileURLToPath(new URL('./serve-page.py', import.meta.url))
const SERVER = '198.51.100.10'
const WEB = `id: web, action: allow, to: [${SERVER}]`
const SEND = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(('${SERVER}', 7000)); s.send(bytes.fromhex(sys.argv[1]))
try: print('answer', len(s.recv(2048)))
except OSError as error: print('refused' if not isinstance(error, TimeoutError) else 'silence')`

suite('quic: deny', { skip: needsRoot }, () => {
  let lab: Lab
  let page: Started
  let gateway: Started
  let spki = ''
  before(async () => {
    lab = await openGuardedNetwork()
    const [cert, key] = ['cert', 'key'].map((name) => join(lab.directory, `${name}.pem`)) as [string, string]
    const ask = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=allowed.test'.split(' ')
    const names = ['-addext', 'subjectAltName=DNS:allowed.test']
    execFileSync('openssl', [...ask, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const { publicKey } = new X509Certificate(readFileSync(cert))
    spki = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')
    await startServices(lab, 'world', {
      dns: { at: RESOLVER, zone: { 'allowed.test': [SERVER] } },
      udp: [`${SERVER} 7000`],
    })
    page = lab.start('world', ['python3', SERVE_PAGE, cert, key, SERVER, '443'])
    await page.says('ready')
    gateway = await startGateway(lab, ['--report', 'flows.jsonl'])
  })
  after(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    page?.child.kill('SIGTERM')
    await lab?.[Symbol.asyncDispose]()
  })

  const policy = (quic: string): string =>
    officePolicy(WEB).replace('mode: enforce\n', `mode: enforce\nquic: ${quic}\n`)
  const under = async (quic: string): Promise<void> => {
    const files = [{ file: 'office.yaml', text: policy(quic) }]
    await askSallyport(lab, 'router', '/apply', { files, mode: 'enforce', author: 'lab' })
  }
  let profiles = 0
  const browser = (): readonly string[] => [
    'chromium',
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${join(lab.directory, `browser-${++profiles}`)}`,
    `--ignore-certificate-errors-spki-list=${spki}`,
    `--host-resolver-rules=MAP allowed.test ${SERVER}`,
    '--dump-dom',
    'https://allowed.test/',
  ]
  let seen = 0
  /** Datagrams that have come to the server's port since the last look. */
  const datagrams = async (): Promise<number> => {
    const all = (await page.says('ready')).match(/^datagram/gm)?.length ?? 0
    const since = all - seen
    seen = all
    return since
  }

  test('Chromium tries QUIC where it is inspected, and through a gateway that denies it goes on over TCP', async () => {
    await under('inspect')
    assert.match((await lab.run('client', browser())).stdout, /<title>got \/3<\/title>/)
    assert.ok((await datagrams()) > 0)
    await under('deny')
    assert.match((await lab.run('client', browser())).stdout, /<title>got \/3<\/title>/)
    assert.equal(await datagrams(), 0)
    const told = (): boolean =>
      readRecorded(lab).some(({ protocol, verdict }) => protocol === 'quic' && verdict.rule === 'quic-office')
    await eventually(told, 'it is recorded')
  })

  test('so it does on a guarded host, and under run', async () => {
    await under('inspect')
    writeFileSync(join(lab.directory, 'own.yaml'), policy('deny'))
    {
      await using host = await startEndpoint(lab, ['--policy', 'own.yaml', '--mode', 'enforce'])
      assert.match((await lab.run('client', [...host.prefix, ...browser()])).stdout, /<title>got \/3<\/title>/)
    }
    const run = await sallyport(lab, 'client', [
      'run',
      '--policy',
      'own.yaml',
      '--upstream',
      RESOLVER,
      '--',
      ...browser(),
    ])
    assert.match(run.stdout, /<title>got \/3<\/title>/, run.stderr)
    assert.equal(await datagrams(), 0)
  })

  test('it is told by its bytes on any port, its client is told at once, and other datagrams pass', async () => {
    const initial = quicInitials((await clientHello('allowed.test')).subarray(5))[0]!
    const send = async (datagram: Uint8Array): Promise<string> =>
      (await lab.run('client', ['python3', '-c', SEND, Buffer.from(datagram).toString('hex')])).stdout.trim()
    await under('inspect')
    assert.equal(await send(initial), `answer ${initial.length}`)
    await under('deny')
    assert.equal(await send(initial), 'refused')
    assert.equal(await send(Buffer.from('what this is nobody knows')), 'answer 25')
  })
})
