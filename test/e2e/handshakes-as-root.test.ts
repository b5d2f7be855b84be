import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { AGAIN, AT_ONCE, HandshakeLab, REFUSED, SHARED, SHORT_AND_LONG, until } from './handshake-lab.ts'
import { clientHello } from './client-hello.ts'
import { needsRoot } from './lab.ts'

suite('handshakes under rules in netfilter that others may change', { skip: needsRoot }, () => {
  let lab: HandshakeLab
  before(async () => void (lab = await HandshakeLab.open(false)))
  after(() => lab[Symbol.asyncDispose]())

  test('packets are asked about only under a policy by which a handshake may decide', async () => {
    const [command, ...args] = lab.lab.inClient(['nft', 'list', 'tables'])
    const rulesUnder = async (allowed: string): Promise<string> => {
      let rules = ''
      const seen = lab.path(`seen-${allowed.length}`)
      const ended = await lab.lab.run(['--allow', allowed], ['sh', '-c', `echo ready; ${until(seen)}`], {
        onSpawn: (child) =>
          child.stdout?.once('data', () => {
            rules = execFileSync(command!, args, { encoding: 'utf8' })
            writeFileSync(seen, '')
          }),
      })
      assert.match(ended.stdout, /ready/)
      return rules
    }
    assert.doesNotMatch(await rulesUnder('198.51.100.0/24'), /SALLYPORT-run-/)
    assert.match(await rulesUnder('shared-a.test'), /table ip SALLYPORT-run-/)
  })

  test('rules in netfilter that somebody else flushed are put back: what is allowed passes again, nothing else does', async () => {
    const [command, ...args] = lab.lab.inClient(['nft', 'flush', 'ruleset'])
    const tries = [
      `curl -skS -m 5 --resolve shared-b.test:443:${SHARED} https://shared-b.test/ && echo leaked`,
      'for try in $(seq 20); do curl -skS -m 2 https://shared-a.test/ && break; sleep 0.2; done',
    ]
    const flushed = lab.path('flushed')
    const script = `echo ready; ${until(flushed)}; sleep 1; ${tries.join('; ')}`
    const ended = await lab.run(lab.allowsName(), ['sh', '-c', script], [], {
      onSpawn: (child) =>
        child.stdout?.once('data', () => {
          execFileSync(command!, args)
          writeFileSync(flushed, '')
        }),
    })
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /CIPHER/i)
    assert.doesNotMatch(ended.stdout, /leaked/)
  })

  test('a datagram that is refused is told to its sender', async () => {
    const { stdout } = await lab.run(lab.allowsTls(), ['python3', '-c', REFUSED, '198.51.100.10', '5000'])
    assert.equal(stdout.trim(), 'EHOSTUNREACH')
  })

  test('a socket whose handshake was looked at is not connected again, and one that nobody answered is', async () => {
    await lab.answer('198.51.100.10', 4433, 'EXEC:cat')
    const hello = Buffer.from(await clientHello('shared-a.test')).toString('hex')
    const ssh = Buffer.from('SSH-2.0-x\r\n').toString('hex')
    /** Ports, and what is said there. */
    const said = async (...turns: readonly string[]): Promise<string> => {
      const command = ['python3', '-c', AGAIN, '198.51.100.10', '0', ...turns]
      return (await lab.run(lab.allowsTls(), command)).stdout.trim()
    }
    assert.equal(await said('4433', hello, '4433', ssh), 'True False')
    assert.equal(await said('4433', hello, '4433', hello), 'True False')
    assert.equal(await said('4434', hello, '4433', hello), 'False True')
  })

  const inClient = (...args: readonly string[]): string => {
    const [command, ...rest] = lab.lab.inClient(args)
    return execFileSync(command!, rest, { encoding: 'utf8' })
  }
  /** That packets are told from one another before they are asked about: only where a policy is in force for a while. */
  const fewAreAskedAbout = (): Promise<void> =>
    eventually(() => /SALLYPORT-run-[^]*!=[^]*xt match/.test(inClient('nft', 'list', 'ruleset')), 'the rules are there')

  test('more than netfilter asks about, written at once: what is allowed arrives, of what is denied nothing', async () => {
    inClient('ip', 'route', 'change', '198.51.100.0/24', 'dev', 'lab0', 'initcwnd', '100')
    const [arrived, go] = [lab.path('arrived'), lab.path('go')]
    const octets = (): number => (existsSync(arrived) ? statSync(arrived).size : 0)
    const keeps = ['-u', 'TCP4-LISTEN:4436,bind=198.51.100.10,fork,reuseaddr', `OPEN:${arrived},creat,append`]
    await lab.lab.serve(['198.51.100.10:4436'], 'socat', keeps)
    const writes = async (first: Uint8Array): Promise<void> => {
      rmSync(go, { force: true })
      const said = Buffer.concat([first, new Uint8Array(60_000)]).toString('hex')
      const ended = lab.run(lab.allowsTls(), ['python3', '-c', AT_ONCE, go, '198.51.100.10', '4436'], [], {
        input: said,
      })
      await fewAreAskedAbout()
      writeFileSync(go, '')
      await ended
    }
    await writes(Buffer.from('what this is nobody knows'))
    assert.equal(octets(), 0)
    const hello = await clientHello('shared-a.test')
    await writes(hello)
    await eventually(() => octets() === hello.length + 60_000, 'all of it arrives')
  })

  test('what is as long as an acknowledgement but says something is asked about, and so are datagrams of any length', async () => {
    const go = lab.path('go-short')
    await lab.answer('198.51.100.10', 4437, 'EXEC:cat')
    const first = Buffer.from('SSH-2.0-ab\r\n')
    // Where a TCP header says how long it is, this one says what an acknowledgement does.
    const like = Buffer.alloc(24).fill(0x80, 4, 5)
    const policy = lab.policy('not-tls', [
      { id: 'not-tls', action: 'deny', protocol: ['tls'] },
      { id: 'all', action: 'allow' },
    ])
    const datagrams = [like, Buffer.alloc(24), Buffer.alloc(20_000)].map((each) => each.toString('hex'))
    const said = ['198.51.100.10:4437', first.toString('hex'), '198.51.100.10:5000', ...datagrams]
    // A header of 20 octets and these 12 are as long as one that has timestamps.
    inClient('sysctl', '-qw', 'net.ipv4.tcp_timestamps=0')
    const ended = lab.run(policy, ['python3', '-c', SHORT_AND_LONG, go, ...said])
    await fewAreAskedAbout()
    writeFileSync(go, '')
    const came = (await ended).stdout.trim().split(' ').map(Number)
    inClient('sysctl', '-qw', 'net.ipv4.tcp_timestamps=1')
    assert.ok(came.length === 1 + datagrams.length && came.every((each) => each > 0), String(came))
  })
})
