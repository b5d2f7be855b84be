import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Alert } from '@sallyport/detect'
import { isMuted, mayAct, StateStore, type PolicyFile } from '../src/index.ts'
import { StateDatabase } from '../src/state/state-database.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const HOUR = 3_600_000

function file(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'state.db')
}

const files = (text: string): readonly PolicyFile[] => [{ file: 'policy.yaml', text }]
const change = (text: string, confirmByMs: number | null = null) => ({
  author: 'ann',
  reason: 'ticket 7',
  createdMs: NOW,
  files: files(text),
  mode: 'monitor' as const,
  confirmByMs,
})

suite('migrations', () => {
  test('a migration that fails leaves the store at the version before it, whole', (context) => {
    const path = file(context)
    const first = ['CREATE TABLE a (x INTEGER)']
    StateDatabase.open(path, [first])[Symbol.dispose]()
    const broken = ['CREATE TABLE b (x INTEGER)', 'CREATE TABLE a (x INTEGER)']
    assert.throws(() => StateDatabase.open(path, [first, broken]), { code: 'state-unavailable' })
    using state = StateDatabase.open(path, [first, ['CREATE TABLE b (y INTEGER)']])
    assert.deepEqual(
      state.all(`SELECT name FROM sqlite_master WHERE name IN ('a', 'b') ORDER BY name`).map(({ name }) => name),
      ['a', 'b'],
    )
  })

  test('a store of a later version, and a file that is none, are refused and stay as they are', (context) => {
    const path = file(context)
    StateDatabase.open(path, [[], [], []])[Symbol.dispose]()
    assert.throws(() => StateDatabase.open(path, [[]]), { code: 'state-unavailable', message: /version 3/ })
    const text = join(path, '../text')
    writeFileSync(text, 'not a database, but a text that is long enough to be taken for one'.repeat(20))
    assert.throws(() => StateStore.open(text), { code: 'state-unavailable' })
  })

  test('only its owner may read it', (context) => {
    const path = file(context)
    using state = StateStore.open(path)
    state.settings.set('x', 1, 'ann', NOW)
    for (const suffix of ['', '-wal']) assert.equal(statSync(path + suffix).mode & 0o077, 0)
  })
})

suite('policies', () => {
  test('every version is kept with author, reason and what it changed', () => {
    using state = StateStore.open(':memory:')
    state.policies.apply(change('a\nb\n'))
    state.policies.apply(change('a\nc\n'))
    assert.deepEqual(
      state.policies.list().map(({ version, author, reason }) => [version, author, reason]),
      [
        [2, 'ann', 'ticket 7'],
        [1, 'ann', 'ticket 7'],
      ],
    )
    assert.match(
      state.policies.diff(1, 2),
      /--- policy.yaml\tversion 1\n\+\+\+ policy.yaml\tversion 2\n.*\n a\n-b\n\+c/,
    )
    assert.match(state.policies.diff(null, 1), /\tno policy\n[^]*\+a\n\+b/)
    assert.equal(state.policies.diff(2, 2), '')
  })

  test('the same policy again is the same version', () => {
    using state = StateStore.open(':memory:')
    assert.equal(state.policies.apply(change('a')).version, 1)
    assert.equal(state.policies.apply(change('a')).version, 1)
    assert.equal(
      state.policies.apply({ ...change('a'), mode: 'enforce' }).version,
      2,
      'another mode is another version',
    )
    assert.equal(state.policies.list().length, 2)
  })

  test('a policy on trial goes back by itself when nobody confirms it in time', () => {
    using state = StateStore.open(':memory:')
    state.policies.apply(change('a'))
    state.policies.apply(change('b', NOW + 60_000))
    assert.deepEqual(state.policies.inForce(), { version: 2, confirmed: 1, confirmByMs: NOW + 60_000 })
    assert.equal(state.policies.expireTrial(NOW + 59_999), false)
    assert.equal(state.policies.expireTrial(NOW + 60_000), true)
    assert.deepEqual(state.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
    assert.equal(state.policies.confirm(NOW + 60_001), false)
  })

  test('a confirmed policy stays; too late is too late', () => {
    using state = StateStore.open(':memory:')
    state.policies.apply(change('a', NOW + 60_000))
    assert.equal(state.policies.confirm(NOW + 60_000), false)
    assert.equal(state.policies.confirm(NOW + 1000), true)
    assert.equal(state.policies.expireTrial(NOW + HOUR), false)
    assert.deepEqual(state.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
  })

  test('a second trial goes back to what was confirmed, not to the first trial', () => {
    using state = StateStore.open(':memory:')
    state.policies.apply(change('a'))
    state.policies.apply(change('b', NOW + 60_000))
    state.policies.apply(change('c', NOW + 90_000))
    state.policies.expireTrial(NOW + 90_000)
    assert.equal(state.policies.inForce().version, 1)
  })

  test('rollback ends a trial, else goes to the version before, or to the one named', () => {
    using state = StateStore.open(':memory:')
    const rollback = (to: number | null): number | null => {
      state.policies.setRolledBack(state.policies.rollbackTarget(to))
      return state.policies.inForce().version
    }
    assert.throws(() => rollback(null), /no earlier policy/)
    state.policies.apply(change('a', NOW + 1000))
    assert.equal(rollback(null), null, 'before the first there was none')
    for (const text of ['b', 'c', 'd']) state.policies.apply(change(text))
    assert.equal(rollback(null), 3)
    assert.equal(rollback(2), 2)
    assert.throws(() => rollback(9), /no policy version 9/)
    assert.equal(state.policies.inForce().version, 2)
  })

  test('a version that apply has answered is there after kill -9', async (context) => {
    const path = file(context)
    let answered = 0
    for (let round = 0; round < 3; round++) {
      const writer = spawn(
        process.execPath,
        [fileURLToPath(new URL('./state-writer.fixture.ts', import.meta.url)), path],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      writer.stdout.on('data', (text: Buffer) => (answered = Number(text.toString().trim().split('\n').at(-1))))
      await once(writer.stdout, 'data')
      await sleep(50)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      using state = StateStore.open(path)
      const { version } = state.policies.inForce()
      assert.ok(version !== null && version >= answered && answered > 0)
      assert.equal(state.policies.list().length, Math.min(version, 1000))
    }
  })
})

const alert = (facts: Partial<Alert> = {}): Alert => ({
  detector: 'beacon',
  severity: 'high',
  technique: { id: 'T1071', name: 'Application Layer Protocol' },
  subject: '/tmp/x',
  destination: 'c2.example',
  sentence: 's',
  numbers: { calls: 30 },
  series: [[NOW, 1]],
  firstMs: NOW - HOUR,
  lastMs: NOW,
  ...facts,
})

suite('alerts', () => {
  test('what goes on is one alert whose evidence grows', () => {
    using state = StateStore.open(':memory:')
    assert.equal(state.alerts.record([alert()]).length, 1)
    assert.equal(state.alerts.record([alert({ lastMs: NOW + HOUR, numbers: { calls: 60 } })]).length, 0)
    const { alerts } = state.alerts.list({ limit: 10 })
    assert.deepEqual(
      alerts.map(({ numbers, lastMs, firstMs, technique }) => [numbers, lastMs - firstMs, technique.id]),
      [[{ calls: 60 }, 2 * HOUR, 'T1071']],
    )
  })

  test('the same after a day of silence, or after it was closed, is a new alert', () => {
    using state = StateStore.open(':memory:')
    const [first] = state.alerts.record([alert()])
    assert.equal(state.alerts.close(first!.id, 'ann', NOW + 1), true)
    assert.equal(state.alerts.close(first!.id, 'ann', NOW + 1), false)
    assert.equal(state.alerts.record([alert()]).length, 0, 'the flows that were looked into')
    assert.equal(state.alerts.record([alert({ lastMs: NOW + 2 })]).length, 1)
    assert.equal(state.alerts.record([alert({ firstMs: NOW + 25 * HOUR, lastMs: NOW + 26 * HOUR })]).length, 1)
    assert.equal(state.alerts.list({ limit: 10, open: true }).alerts.length, 2)
  })

  test('pages follow each other', () => {
    using state = StateStore.open(':memory:')
    state.alerts.record(Array.from({ length: 7 }, (_, index) => alert({ destination: `d${index}.example` })))
    const seen: string[] = []
    for (let after: string | undefined, more = true; more;) {
      const page = state.alerts.list({ limit: 3, ...(after === undefined ? {} : { after }) })
      seen.push(...page.alerts.map(({ destination }) => destination))
      more = page.next !== null
      after = page.next ?? undefined
    }
    assert.equal(new Set(seen).size, 7)
    assert.equal(seen.length, 7)
  })

  test('a mute holds until its time, for what it names', () => {
    using state = StateStore.open(':memory:')
    const mute = { subject: null, reason: 'known', author: 'ann', createdMs: NOW, untilMs: NOW + HOUR }
    const { id } = state.mutes.add({ ...mute, detector: 'beacon', destination: 'c2.example' })
    assert.equal(isMuted(alert(), state.mutes.list(NOW)), true)
    assert.equal(isMuted(alert({ detector: 'dns-tunnel' }), state.mutes.list(NOW)), false)
    assert.equal(isMuted(alert(), state.mutes.list(NOW + HOUR)), false)
    assert.equal(state.mutes.remove(id), true)
    assert.deepEqual(state.mutes.list(NOW), [])
  })
})

suite('users', () => {
  test('the right password of the right user, and nothing else', async () => {
    using state = StateStore.open(':memory:')
    await state.users.add('ann', 'editor', 'correct horse battery', NOW)
    assert.deepEqual(await state.users.verify('ann', 'correct horse battery'), {
      name: 'ann',
      role: 'editor',
      createdMs: NOW,
    })
    assert.equal(await state.users.verify('ann', 'correct horse batterx'), null)
    assert.equal(await state.users.verify('bob', 'correct horse battery'), null)
    await assert.rejects(state.users.add('ann', 'viewer', 'another password', NOW), /already/)
    await assert.rejects(state.users.add('Bob!', 'viewer', 'another password', NOW), /user name/)
    await assert.rejects(state.users.add('bob', 'viewer', 'short', NOW), /12 to 1024/)
  })

  test('a session ends with its time, its user, its password, and when it is closed', async () => {
    using state = StateStore.open(':memory:')
    const ann = await state.users.add('ann', 'admin', 'correct horse battery', NOW)
    const open = () => state.users.openSession(ann, NOW, HOUR).token
    const token = open()
    assert.equal(state.users.session(token, NOW)?.user.name, 'ann')
    assert.equal(state.users.session(`${token}x`, NOW), null)
    assert.equal(state.users.session(token, NOW + HOUR), null)
    state.users.closeSession(token)
    assert.equal(state.users.session(token, NOW), null)
    const other = open()
    await state.users.setPassword('ann', 'correct horse batteries')
    assert.equal(state.users.session(other, NOW), null)
    const third = open()
    state.users.remove('ann')
    assert.equal(state.users.session(third, NOW), null)
  })

  test('a role may do what the roles before it may', () => {
    assert.equal(mayAct({ role: 'editor' }, 'analyst'), true)
    assert.equal(mayAct({ role: 'analyst' }, 'editor'), false)
  })
})

test('settings and the audit log keep what they are told', () => {
  using state = StateStore.open(':memory:')
  assert.equal(state.settings.get('retention'), undefined)
  state.settings.set('retention', { days: 30 }, 'ann', NOW)
  state.settings.set('retention', { days: 7 }, 'ann', NOW)
  assert.deepEqual(state.settings.get('retention'), { days: 7 })
  for (const action of ['one', 'two', 'three']) state.audit.add({ timeMs: NOW, actor: 'ann', action, target: '' })
  assert.deepEqual(
    state.audit.list(2).map(({ id, action }) => [id, action]),
    [
      [3, 'three'],
      [2, 'two'],
    ],
  )
  assert.deepEqual(
    state.audit.list(2, 2).map(({ action }) => action),
    ['one'],
  )
})
