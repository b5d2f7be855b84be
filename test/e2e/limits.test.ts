import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { FlowRecord } from '@sallyport/flow'
import { findCgroupMount } from '@sallyport/kernel'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { RESOLVER } from './lab-hosts.ts'
import { Lab, needsRoot, type Ended } from './lab.ts'

const SINK = fileURLToPath(new URL('./sink.py', import.meta.url))
const UPLOAD = 'http://198.51.100.10:9000/'
const DOWNLOAD = 'http://198.51.100.10:9001/'
const MEGABYTE = 1_000_000
const ALLOWED = 'allow rule some'
const ENDED = 'ended'

for (const [who, asUser] of [
  ['root', false],
  ['an ordinary user', true],
] as const)
  suite(`limits of rules, as ${who}`, { skip: needsRoot }, () => {
    let lab: Lab
    before(async () => {
      lab = await Lab.open()
      chmodSync(lab.directory, 0o777)
      writeFileSync(join(lab.directory, 'big'), Buffer.alloc(3 * MEGABYTE))
      writeFileSync(join(lab.directory, 'small'), Buffer.alloc(10_000))
      const at = (path: string, port: string): readonly string[] => [
        SINK,
        join(lab.directory, path),
        '198.51.100.10',
        port,
      ]
      await lab.serve(['198.51.100.10:9000'], 'python3', at('taken', '9000'))
      await lab.serve(['198.51.100.10:9001'], 'python3', [...at('asked', '9001'), String(3 * MEGABYTE)])
      await lines('taken', 1)
      await lines('asked', 1)
    })
    after(() => lab[Symbol.asyncDispose]())

    /** What a server has noted, when it is at least so much; then it is forgotten. */
    const lines = async (file: string, least: number): Promise<readonly string[]> => {
      let noted = read(file)
      await eventually(() => (noted = read(file)).length >= least, `${file}: ${least} noted`)
      writeFileSync(join(lab.directory, file), '')
      return noted
    }
    const read = (file: string): readonly string[] => {
      try {
        return readFileSync(join(lab.directory, file), 'utf8').split('\n').filter(Boolean)
      } catch {
        return []
      }
    }
    const policy = (limit: string, more = ''): void =>
      writeFileSync(
        join(lab.directory, 'limited.yaml'),
        `sallyport: 1\nname: limited\nmode: enforce\nrules:\n${more}  - { id: some, action: allow, to: [198.51.100.10], limit: { ${limit} } }\n`,
      )
    const run = (commands: readonly string[], ...more: readonly string[]): Promise<Ended> => {
      const options = ['--policy', 'limited.yaml', '--report', 'flows.jsonl', ...more]
      const command = ['sh', '-c', commands.join('; ')]
      rmSync(join(lab.directory, 'flows.jsonl'), { force: true })
      return asUser ? lab.runAsUser(options, command) : lab.run(options, command)
    }
    /** Without root, pasta may have taken what it has not handed on when the end comes. */
    const least = asUser ? 0.1 : 0.9
    /** Without root what a flow carried is not told when it ends. */
    const told = (...reasons: readonly string[]): readonly string[] =>
      asUser
        ? reasons.filter((reason) => reason !== ENDED)
        : reasons.map((reason) => (reason === ENDED ? ALLOWED : reason))
    const upload = (file: string, seconds = 20): string =>
      `curl -sS -m ${seconds} -H Expect: -o /dev/null -T ${file} ${UPLOAD}; echo =$?`
    const reasons = (): readonly string[] =>
      readFileSync(join(lab.directory, 'flows.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as FlowRecord).verdict!)
        .map(({ verdict, reason, rule }) => `${verdict} ${reason} ${rule}`)

    test('an upload ends at once where the limit is, both ends are told, and no new connection begins', async () => {
      policy('bytesOut: 1MB')
      const { stdout, stderr } = await run([upload('big'), upload('small')])
      assert.match(stdout, /^=5[56]\n=7\n/, stderr)
      const [first, ...more] = await lines('taken', 1)
      const [octets, how] = first!.split(' ')
      assert.ok(Number(octets) <= MEGABYTE && Number(octets) > least * MEGABYTE, String(first))
      assert.deepEqual([how, more], [asUser ? how : 'reset', []])
      const both = ['deny limit-bytes-out some', 'deny limit-bytes-out some']
      assert.deepEqual<unknown>(reasons().toSorted(), told(ALLOWED, ENDED, ...both))
    })

    test('so does a download, and a flow that its first bytes have decided', async () => {
      policy('bytesIn: 1MB')
      const { stdout } = await run([`curl -sS -m 20 -o got ${DOWNLOAD}; echo =$?; wc -c < got`, upload('small')])
      const [exit, got, next] = stdout.trim().split('\n')
      assert.deepEqual([exit, next], ['=56', '=7'])
      assert.ok(Number(got) <= MEGABYTE && Number(got) > 0.9 * MEGABYTE, String(got))
      await lines('asked', 1)

      policy('bytesOut: 1MB', '  - { id: ssh, action: allow, to: [198.51.100.10], protocol: ssh }\n')
      assert.match((await run([upload('big'), upload('small')])).stdout, /^=5[56]\n=[57]\d?\n/)
      const octets = (await lines('taken', 2)).map((line) => Number(line.split(' ')[0]))
      assert.ok(octets[0]! <= MEGABYTE && octets[0]! > least * MEGABYTE && octets[1] === 0, String(octets))
      assert.equal(reasons().filter((reason) => reason === 'deny limit-bytes-out some').length, 2)
    })

    test('connections count once each, and are given back when their span is over; datagrams to one place are one', async () => {
      policy('connections: 2/2s')
      const send = `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(3): s.sendto(b"x", ("198.51.100.10", 9000))' 2> /dev/null; echo =$?`
      const { stdout } = await run([upload('small'), send, upload('small'), send, 'sleep 2.1', upload('small')])
      assert.equal(stdout, `=0\n=0\n=7\n=${asUser ? 0 : 1}\n=0\n`)
      const taken = await lines('taken', 5)
      // At the end of a run, pasta resets what it has not closed yet.
      const ends = taken.map((line) => (asUser ? line.replace('reset', 'closed') : line).split(' ')[1]).toSorted()
      assert.deepEqual(ends, [...Array(2).fill('closed'), ...Array(3).fill('datagram')])
      assert.equal(reasons().filter((reason) => reason === 'deny limit-connections some').length, 2)
    })

    test('what is only watched goes on and is told', async () => {
      policy('bytesOut: 1MB')
      const { stdout } = await run([upload('big')], '--mode', 'monitor')
      assert.equal(stdout, '=0\n')
      assert.ok(Number((await lines('taken', 1))[0]!.split(' ')[0]) > 3 * MEGABYTE)
      assert.deepEqual(reasons().slice(0, 2), [ALLOWED, 'deny limit-bytes-out some'])
    })

    suite('of a host', { skip: asUser }, () => {
      const cgroup = join(findCgroupMount(), `sallyport-limits-${process.pid}`)
      let agent: ChildProcess | null = null
      before(() => void mkdirSync(cgroup))
      after(async () => {
        if (agent === null) await up()
        agent!.kill('SIGTERM')
        await once(agent!, 'exit')
        rmdirSync(cgroup)
      })
      const up = async (): Promise<void> => {
        const args = ['up', '--cgroup', cgroup, '--no-console', '--json', '--upstream', RESOLVER]
        const ready = Promise.withResolvers<void>()
        const ended = lab.sallyport([...args, '--policy', 'limited.yaml', '--mode', 'enforce'], {
          onSpawn: (child) => {
            agent = child
            child.stderr!.on('data', (text: Buffer) => text.includes('"ready"') && ready.resolve())
          },
        })
        void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
        await ready.promise
      }
      const uploads = async (file: string): Promise<string> =>
        (await lab.inCgroup(cgroup, ['sh', '-c', upload(join(lab.directory, file), 1)])).stdout.trim()

      test('what was used counts on when the agent is killed, and under the next one', async () => {
        policy('bytesOut: 1MB')
        await up()
        assert.equal(await uploads('small'), '=0')
        agent!.kill('SIGKILL')
        await once(agent!, 'exit')
        // Nobody ends it; it is let send no more all the same.
        assert.equal(await uploads('big'), '=28')
        assert.equal(await uploads('small'), '=7')
        await up()
        assert.equal(await uploads('small'), '=7')
        const octets = (await lines('taken', 2)).map((line) => Number(line.split(' ')[0]))
        assert.ok(octets.reduce((sum, each) => sum + each) <= MEGABYTE, String(octets))
      })
    })
  })
