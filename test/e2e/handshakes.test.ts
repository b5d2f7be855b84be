import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { clientHello } from './client-hello.ts'
import { quicInitials } from './quic-initial.ts'
import { Lab, needsRoot, type Ended } from './lab.ts'

const SHARED = '198.51.100.50'

/** What one TLS server of several names, one SSH server behind port 443, and the policies about them show. */
suite('handshakes', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.open()
    const [key, cert] = [join(lab.directory, 'key.pem'), join(lab.directory, 'cert.pem')]
    const subject = ['-subj', '/CN=shared-a.test', '-days', '2']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    )
    const pages = ['-cert', cert, '-key', key, '-www', '-quiet']
    lab.spawnServer('openssl', ['s_server', '-accept', `${SHARED}:443`, ...pages])
    lab.spawnServer('socat', ['TCP4-LISTEN:443,bind=198.51.100.40,fork,reuseaddr', 'SYSTEM:echo SSH-2.0-lab; cat'])
  })
  after(() => lab[Symbol.asyncDispose]())

  function policy(name: string, rules: readonly object[]): string {
    const path = join(lab.directory, `${name}.json`)
    writeFileSync(path, JSON.stringify({ sallyport: 1, name, mode: 'enforce', rules }))
    return path
  }
  const allowsName = (): string => policy('name', [{ id: 'a', action: 'allow', to: ['shared-a.test'] }])
  const allowsTls = (): string =>
    policy('tls', [{ id: 'tls', action: 'allow', to: ['198.51.100.0/24'], protocol: ['tls'] }])
  const https = (name: string): readonly string[] => ['curl', '-skS', '-m', '5', `https://${name}/`]
  const refused = ({ status, stdout }: Ended): void => assert.notEqual(status, 0, stdout)

  test('a name that is allowed and stated passes', async () => {
    const ended = await lab.run(['--policy', allowsName()], https('shared-a.test'))
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /CIPHER/i)
  })

  test('another name at the same address is refused, whatever it resolved to', async () => {
    const both = `curl -skS -m 5 https://shared-a.test/ && curl -skS -m 5 --resolve shared-b.test:443:${SHARED} https://shared-b.test/`
    const ended = await lab.run(['--policy', allowsName()], ['sh', '-c', both])
    refused(ended)
    assert.match(ended.stderr, /left\n +shared-a\.test/)
    assert.match(ended.stderr, /stopped\n +shared-b\.test/)
  })

  test('an allowed name at an address that was no answer for it is refused', async () => {
    const command = [...https('shared-a.test'), '--resolve', `shared-a.test:443:198.51.100.10`]
    refused(await lab.run(['--policy', allowsName()], command))
  })

  test('no name in the handshake is not enough where the name matters', async () => {
    const rule = policy('no-sni', [{ id: 'a', action: 'allow', to: ['shared-a.test'] }])
    const command = ['openssl', 's_client', '-noservername', '-connect', 'shared-a.test:443']
    refused(await lab.run(['--policy', rule], command))
  })

  test('where only TLS is allowed, TLS passes on any port and SSH on none', async () => {
    const passed = await lab.run(['--policy', allowsTls()], https(SHARED))
    assert.equal(passed.status, 0, passed.stderr)
    const ssh = ['ssh', '-p', '443', '-o', 'ConnectTimeout=5', '-o', 'StrictHostKeyChecking=no', '198.51.100.40']
    const report = join(lab.directory, 'ssh.jsonl')
    refused(await lab.run(['--policy', allowsTls(), '--report', report], ssh))
    assert.match(readFileSync(report, 'utf8'), /"protocol":"ssh".*"verdict":"deny"/)
  })

  test('a rule that denies a protocol lets everything else pass', async () => {
    const noSsh = policy('no-ssh', [
      { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
      { id: 'all', action: 'allow' },
    ])
    const passed = await lab.run(['--policy', noSsh], https('shared-a.test'))
    assert.equal(passed.status, 0, passed.stderr)
    const say = 'echo SSH-2.0-x; sleep 1'
    const ended = await lab.run(['--policy', noSsh], ['sh', '-c', `(${say}) | socat -t2 - TCP4:198.51.100.40:443`])
    assert.doesNotMatch(ended.stdout, /SSH-2.0-x/)
  })

  test('packets are asked about only under a policy by which a handshake may decide', async () => {
    const [command, ...args] = lab.inClient(['iptables-nft', '-t', 'raw', '-S'])
    const rulesUnder = async (allowed: string): Promise<string> => {
      let rules = ''
      const ended = await lab.run(['--allow', allowed], ['sh', '-c', 'echo ready; sleep 2'], {
        onSpawn: (child) =>
          child.stdout?.once('data', () => (rules = execFileSync(command!, args, { encoding: 'utf8' }))),
      })
      assert.match(ended.stdout, /ready/)
      return rules
    }
    assert.doesNotMatch(await rulesUnder('198.51.100.0/24'), /SALLYPORT-run-/)
    assert.match(await rulesUnder('shared-a.test'), /-N SALLYPORT-run-/)
  })

  test('rules in netfilter that somebody else flushed are put back: what is allowed passes again, nothing else does', async () => {
    const [command, ...args] = lab.inClient(['nft', 'flush', 'ruleset'])
    const tries = [
      `curl -skS -m 5 --resolve shared-b.test:443:${SHARED} https://shared-b.test/ && echo leaked`,
      'for try in 1 2 3 4 5 6; do curl -skS -m 2 https://shared-a.test/ && break; sleep 0.2; done',
    ]
    const ended = await lab.run(['--policy', allowsName()], ['sh', '-c', `echo ready; sleep 1; ${tries.join('; ')}`], {
      onSpawn: (child) => child.stdout?.once('data', () => void execFileSync(command!, args)),
    })
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /CIPHER/i)
    assert.doesNotMatch(ended.stdout, /leaked/)
  })

  /** Sends octets to an address one piece at a time and prints how many came back. */
  const say = (to: string, port: number, kind: 'tcp' | 'udp', pieces: readonly Uint8Array[]): readonly string[] => {
    const hex = JSON.stringify(pieces.map((piece) => Buffer.from(piece).toString('hex')))
    return ['python3', '-c', SAY, to, String(port), kind, hex]
  }
  const answers = async (file: string, command: readonly string[]): Promise<number> =>
    Number((await lab.run(['--policy', file], command)).stdout)
  const inPieces = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
  const denies = (name: string): string =>
    policy(`deny-${name}`, [
      { id: 'not', action: 'deny', to: [name] },
      { id: 'all', action: 'allow' },
    ])

  test('a ClientHello in tiny segments says the same name', async () => {
    const [bad, good] = [await clientHello('denied.test'), await clientHello('shared-a.test')]
    assert.equal(await answers(denies('denied.test'), say(SHARED, 443, 'tcp', inPieces(bad, 60))), 0)
    // A machine that is busy for 200 ms makes the sender start again with one segment in flight: then it waits in vain.
    let heard = 0
    for (let tries = 0; tries < 4 && heard === 0; tries++)
      heard = await answers(denies('denied.test'), say(SHARED, 443, 'tcp', inPieces(good, 60)))
    assert.ok(heard > 0)
  })

  test('a name that is denied is refused although nobody asked for it, in QUIC too', async () => {
    const hello = (await clientHello('denied.test')).subarray(5)
    const file = denies('denied.test')
    const nameless = say('198.51.100.10', 5000, 'udp', [Buffer.from('what this is nobody knows')])
    assert.ok((await answers(file, nameless)) > 0)
    assert.equal(await answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(hello))), 0)
    // A post-quantum hello takes two datagrams; the first of them is not at the server when the second is refused.
    assert.equal(await answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(hello, [30]))), 0)
    const other = (await clientHello('allowed.test')).subarray(5)
    assert.ok((await answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(other, [30])))) > 0)
  })

  test('a socket whose handshake was looked at is not connected again, and one that nobody answered is', async () => {
    lab.spawnServer('socat', ['TCP4-LISTEN:4433,bind=198.51.100.10,fork,reuseaddr', 'EXEC:cat'])
    const hello = Buffer.from(await clientHello('shared-a.test')).toString('hex')
    const ssh = Buffer.from('SSH-2.0-x\r\n').toString('hex')
    /** Ports, and what is said there. */
    const said = async (...turns: readonly string[]): Promise<string> => {
      const command = ['python3', '-c', AGAIN, '198.51.100.10', ...turns]
      return (await lab.run(['--policy', allowsTls()], command)).stdout.trim()
    }
    assert.equal(await said('4433', hello, '4433', ssh), 'True False')
    assert.equal(await said('4433', hello, '4433', hello), 'True False')
    assert.equal(await said('4434', hello, '4433', hello), 'False True')
  })

  test('a server that speaks first is heard before its client is judged', async () => {
    lab.spawnServer('socat', ['TCP4-LISTEN:2525,bind=198.51.100.10,fork,reuseaddr', 'SYSTEM:echo 220 mail ESMTP; cat'])
    const mail = policy('mail', [{ id: 'mail', action: 'allow', to: ['198.51.100.10'], protocol: ['smtp'] }])
    const greeting = '220 mail ESMTP\n'.length
    const client = (text: string): readonly string[] => say('198.51.100.10', 2525, 'tcp', [Buffer.from(text)])
    assert.ok((await answers(mail, client('EHLO me.test\r\n'))) > greeting)
    assert.ok((await answers(mail, client('SSH-2.0-x\r\n'))) <= greeting)
  })
})

/** Connections of one socket, and whether each had an answer. */
const AGAIN = `
import ctypes, socket, struct, sys
to, turns = sys.argv[1], sys.argv[2:]
s = socket.socket()
s.settimeout(3)
for port, first in zip(turns[::2], turns[1::2]):
    try:
        s.connect((to, int(port)))
        s.sendall(bytes.fromhex(first))
        print(bool(s.recv(65536)), end=' ')
    except OSError:
        print(False, end=' ')
    ctypes.CDLL(None).connect(s.fileno(), struct.pack('H14x', socket.AF_UNSPEC), 16)
`

const SAY = `
import json, socket, sys, time
to, port, kind, pieces = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
s.settimeout(2)
got = 0
try:
    s.connect((to, port))
    if kind == 'tcp':
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(0.2)
    for piece in pieces:
        s.send(bytes.fromhex(piece))
        time.sleep(0.005)
    time.sleep(0.5)
    got = len(s.recv(65536))
except OSError:
    pass
print(got)
`
