import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowRecord } from '@sallyport/flow'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { clientHello } from './client-hello.ts'
import { AGAIN, HandshakeLab, https, inPieces, say, until } from './handshake-lab.ts'
import { needsRoot } from './lab.ts'

/** A server that keeps every octet it is sent. */
const SINK = ['198.51.100.10', 4600] as const
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

suite('handshakes in a namespace of an ordinary user', { skip: needsRoot }, () => {
  let lab: HandshakeLab
  let taken = ''
  before(async () => {
    lab = await HandshakeLab.open(true)
    const [address, port] = SINK
    await lab.answer('198.51.100.10', 4433, 'EXEC:cat')
    taken = lab.path('taken')
    const keeps = `OPEN:${taken},creat,append`
    const listen = `TCP4-LISTEN:${port},bind=${address},fork,reuseaddr`
    await lab.lab.serve([`${address}:${port}`], 'socat', ['-u', listen, keeps])
  })
  after(() => lab[Symbol.asyncDispose]())

  const octetsTaken = (): number => (existsSync(taken) ? readFileSync(taken).length : 0)

  test('nothing of a flow that is denied reaches its server, whole, cut, or cut off', async () => {
    const [denied, allowed] = [await clientHello('denied.test'), await clientHello('allowed.test')]
    const policy = lab.deniesName('denied.test')
    // It says no name before its time is over.
    const half = JSON.stringify([hex(allowed.subarray(0, 40))])
    await Promise.all([
      lab.run(policy, say(...SINK, 'tcp', [denied])),
      lab.run(policy, say(...SINK, 'tcp', inPieces(denied, 100))),
      lab.run(policy, ['python3', '-c', WAITS, SINK[0], String(SINK[1]), half, '4']),
    ])
    assert.equal(octetsTaken(), 0)
    await lab.run(policy, say(...SINK, 'tcp', [allowed]))
    await eventually(() => octetsTaken() >= allowed.length, 'what is allowed arrives')
    assert.equal(octetsTaken(), allowed.length)
  })

  test('an inspector that is killed lets nothing out of what waits', async () => {
    const before = octetsTaken()
    const hello = await clientHello('allowed.test')
    const half = JSON.stringify([hex(hello.subarray(0, 40)), hex(hello.subarray(40))])
    const killed = lab.path('killed')
    const command = ['python3', '-c', WAITS, SINK[0], String(SINK[1]), half, killed]
    const ended = await lab.run(lab.deniesName('denied.test'), command, [], {
      onSpawn: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
    })
    assert.equal(ended.signal, 'SIGKILL')
    writeFileSync(killed, '')
    await sleep(1500)
    assert.equal(octetsTaken(), before)
  })

  test('a connection between the same ports as one before is judged by its own octets', async () => {
    const ssh = hex(Buffer.from('SSH-2.0-x\r\n'))
    const hello = hex(await clientHello('shared-a.test'))
    const turns = ['4433', hello, '4433', ssh, '4433', hello]
    const ended = await lab.run(lab.allowsTls(), ['python3', '-c', AGAIN, '198.51.100.10', '47001', ...turns])
    assert.equal(ended.stdout.trim(), 'True False True', ended.stderr)
  })

  test('open connections are judged anew when a rule ends, by what was found out: one ends, one goes on', async () => {
    await lab.answer('198.51.100.10', 4434, 'EXEC:cat')
    const to = ['198.51.100.10']
    const [tls, http] = [
      hex(await clientHello('allowed.test')),
      hex(Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')),
    ]
    const report = lab.path('ends.jsonl')
    let stdout = ''
    // A busy machine may not have begun by then.
    for (let seconds = 5; stdout === '' && seconds < 60; seconds *= 2) {
      const until = new Date(Date.now() + seconds * 1000).toISOString()
      const policy = lab.policy('ends', [
        { id: 'plain', action: 'allow', to, ports: [4434], until },
        { id: 'tls', action: 'allow', to, ports: [4433], protocol: ['tls'], until },
        { id: 'named', action: 'allow', to, ports: [4433], protocol: ['http'] },
      ])
      const turns = ['4434', http, '4433', tls, '4433', http]
      const command = ['python3', '-c', GOES_ON, '198.51.100.10', String(seconds + 5), ...turns]
      stdout = (await lab.run(policy, command, ['--report', report])).stdout
    }
    assert.equal(stdout.trim(), 'ended ended goes on')
    const told = readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FlowRecord)
    const verdicts = told.map(({ verdict }) => `${verdict!.verdict} ${verdict!.rule}`).toSorted()
    assert.deepEqual(verdicts, ['allow named', 'allow plain', 'allow tls', 'deny null', 'deny null'])
  })

  test('of a connection, a SYN and the first octets are looked at, and nothing of the bulk', async () => {
    const connections = 4
    // It ends when the server has closed, and so has everything.
    const counted = lab.path('counted')
    const bulk = `head -c 30000000 /dev/zero | socat -t 20 - TCP4:${SINK[0]}:${SINK[1]}`
    const script = `for i in 1 2 3; do ${https('shared-a.test').join(' ')} >/dev/null; done; ${bulk}; echo done; ${until(counted)}`
    const rules = [
      { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
      { id: 'all', action: 'allow' },
    ]
    const before = octetsTaken()
    let handedUp: readonly number[] = []
    await lab.run(lab.policy('most', rules), ['sh', '-c', script], [], {
      onSpawn: (child) =>
        child.stdout?.once('data', () => {
          handedUp = packetsHandedUp(counted)
          writeFileSync(counted, '')
        }),
    })
    await eventually(() => octetsTaken() - before >= 30_000_000, 'all of it arrives')
    assert.equal(octetsTaken() - before, 30_000_000)
    const [first, client, server] = handedUp
    // On a busy machine a SYN is sent again before it is answered.
    assert.ok(first! >= connections && first! <= 2 * connections, `${handedUp}`)
    assert.ok(client! >= connections && client! <= 2 * connections, `${handedUp}`)
    assert.equal(server, 0)
  })
})

/** By queue, in the namespace of the command that waits for a file. */
function packetsHandedUp(file: string): readonly number[] {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      if (!/^[^\0]*sh\0-c\0/.test(line) || !line.includes(file)) continue
      const lines = readFileSync(`/proc/${pid}/net/netfilter/nfnetlink_queue`, 'latin1').trim().split('\n')
      return lines.map((line) => Number(line.trim().split(/\s+/)[7]))
    } catch {
      // It has ended.
    }
  }
  return []
}

/** Says the same again and again on several connections for so many seconds, and what has become of each. */
const GOES_ON = `
import socket, sys, time
to, seconds, turns = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
said = [bytes.fromhex(first) for first in turns[1::2]]
conns = [socket.create_connection((to, int(port))) for port in turns[::2]]
def answered(at):
    try:
        conns[at].settimeout(2 if begun else 15)
        conns[at].sendall(said[at])
        return bool(conns[at].recv(65536))
    except OSError:
        return False
begun = False
begun = all([answered(at) for at in range(len(conns))])
if not begun:
    sys.exit()
ended = set()
end = time.monotonic() + seconds
while time.monotonic() < end and len(ended) < len(conns) - 1:
    ended |= {at for at in range(len(conns)) if at not in ended and not answered(at)}
    time.sleep(0.2)
state = ['ended' if at in ended or not answered(at) else 'goes on' for at in range(len(conns))]
print(' '.join(state))
`

/** Sends pieces, and waits after each for so many seconds, or for a file. */
const WAITS = `
import json, os, socket, sys, time
until = sys.argv[4]
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
try:
    for piece in json.loads(sys.argv[3]):
        s.sendall(bytes.fromhex(piece))
        print('sent', flush=True)
        if not until.startswith('/'):
            time.sleep(float(until))
        while until.startswith('/') and not os.path.exists(until):
            time.sleep(0.05)
except OSError:
    pass
`
