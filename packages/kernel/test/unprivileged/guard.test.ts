import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { openLab, PROBE, setuidShell, skip, type Lab, type Setup } from './lab.ts'

const V4 = '6 10.9.0.2 80'
const V6 = '6 fd09:0:0:0:0:0:0:2 80'

suite('what leaves an ordinary user’s namespace', { skip, concurrency: 3 }, () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab[Symbol.asyncDispose]())

  const probe = async (args: readonly string[], setup: Partial<Setup> = {}): Promise<string> =>
    (await lab.run({ command: [...PROBE, ...args], ...setup })).stdout.trim()

  const table: readonly (readonly [string, readonly string[], Partial<Setup>, string])[] = [
    ['allowed TCP', ['tcp', '10.9.0.2', '80'], { allow: [V4] }, 'hello fast'],
    ['allowed TCP over IPv6', ['tcp', 'fd09::2', '80'], { allow: [V6] }, 'hello fast'],
    ['IPv4 from an IPv6 socket', ['tcp', '::ffff:10.9.0.2', '80'], { allow: [V4] }, 'hello fast'],
    ['denied TCP', ['tcp', '10.9.0.2', '80'], {}, 'Connection refused fast'],
    ['denied TCP over IPv6', ['tcp', 'fd09::2', '80'], {}, 'Connection refused fast'],
    ['TCP to another port', ['tcp', '10.9.0.2', '81'], { allow: [V4] }, 'Connection refused fast'],
    ['allowed UDP', ['udp', '10.9.0.2', '80'], { allow: ['17 10.9.0.2 80'] }, 'hello fast'],
    ['denied UDP', ['udp', '10.9.0.2', '80'], {}, 'No route to host fast'],
    ['denied UDP over IPv6', ['udp', 'fd09::2', '80'], {}, 'Permission denied fast'],
    ['dropped UDP', ['briefly', '10.9.0.2', '80'], { deny: 'drop' }, 'TimeoutError slow'],
    ['a verdict that fails', ['briefly', '10.9.0.2', '80'], { allow: ['throw'] }, 'TimeoutError slow'],
    ['raw sockets', ['raw'], {}, 'Operation not permitted fast'],
    ['packet sockets', ['packet'], {}, 'Operation not permitted fast'],
    ['a mark of its own', ['mark'], {}, 'Operation not permitted fast'],
    ['the host’s loopback', ['tcp', '127.0.0.1', '8080'], {}, 'Connection refused fast'],
  ]
  for (const [title, args, setup, expected] of table)
    test(title, async () => assert.equal((await probe(args, setup)).replace('timed out', 'TimeoutError'), expected))

  test('ICMP is not let out unasked', async () => {
    assert.doesNotMatch(await probe(['ping', '10.9.0.2']), /answered/)
  })

  test('every look-up goes to the resolver, whatever server is named', async () => {
    for (const server of ['198.51.100.7', '127.0.0.53', 'fd09::2', '10.9.0.2'])
      for (const transport of ['+notcp', '+tcp']) {
        const command = ['dig', '+short', '+noedns', '+tries=1', '+time=20', transport, `@${server}`, 'any.test', 'A']
        const { stdout, events } = await lab.run({ command })
        assert.equal(stdout.trim(), '10.9.0.9', `${server} ${transport} ${JSON.stringify(events)}`)
      }
  })

  test('a decision knows the program and the user', async () => {
    const once = 'import socket; socket.create_connection(("10.9.0.2", 80), 20)'
    const { events } = await lab.run({ command: ['/usr/bin/python3', '-c', once], allow: [V4] })
    const decided = events.filter(({ flow }) => flow === V4)
    assert.equal(decided.length, 1, JSON.stringify(events))
    assert.match(String(decided[0]!['exe']), /^\/usr\/bin\/python3/)
    assert.equal(decided[0]!['uid'], Number(lab.uid))
  })

  test('a process that leaves its session stays inside', async () => {
    assert.match(await probe(['daemon', '10.9.0.2', '80', `${lab.folder}/refused`]), /^Connection refused/)
    assert.match(await probe(['daemon', '10.9.0.2', '80', `${lab.folder}/allowed`], { allow: [V4] }), /^hello/)
  })

  test('a setuid program gains nothing', async () => {
    assert.equal((await lab.run({ command: [setuidShell(lab.folder), '-u'] })).stdout.trim(), lab.uid)
    assert.notEqual((await lab.run({ command: ['/usr/bin/ping', '-c1', '-W1', '10.9.0.2'] })).status, 0)
  })

  test('a service that starts processes outside is out of reach', async () => {
    const folder = `/tmp/tmux-${lab.uid}`
    mkdirSync(folder, { mode: 0o777, recursive: true })
    const listening = createServer().listen(`${folder}/default`)
    await once(listening, 'listening')
    chmodSync(`${folder}/default`, 0o777)
    execFileSync('chown', ['-R', lab.user, folder])
    try {
      assert.equal(await probe(['unix', `${folder}/default`]), 'No such file or directory fast')
    } finally {
      listening.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('the rules are out of the command’s reach', async () => {
    const attempts = [
      'nft flush ruleset',
      'iptables -F OUTPUT',
      'unshare -r nft flush ruleset',
      'kill -9 1',
      'umount /proc',
    ]
    for (const attempt of attempts) {
      const { stdout } = await lab.run({
        command: ['sh', '-c', `${attempt} 2>/dev/null; exec "$@"`, 'sh', ...PROBE, 'tcp', '10.9.0.2', '80'],
      })
      assert.equal(stdout.trim(), 'Connection refused fast', attempt)
    }
  })
})
