import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Alert } from '@sallyport/detect'
import { isMuted, mayAct, newTotpSecret, StateStore, totpCode, type PolicyFile } from '../src/index.ts'
import { postgresPrograms, PostgresServer } from './postgres-server.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const HOUR = 3_600_000
const LOOK = { nowMs: NOW, latestMs: NOW + 1000 * HOUR, clockJumped: false }

const files = (text: string): readonly PolicyFile[] => [{ file: 'policy.yaml', text }]
const change = (text: string, confirmByMs: number | null = null) => ({
  author: 'ann',
  reason: 'ticket 7',
  createdMs: NOW,
  files: files(text),
  mode: 'monitor' as const,
  confirmByMs,
})

let server: PostgresServer | null = null
before(async () => {
  if (postgresPrograms() !== null) server = await PostgresServer.open()
})
after(() => server?.[Symbol.asyncDispose]())

/** An empty state store, each time another, by the database that it is in. */
const DATABASES: Readonly<Record<string, (context: TestContext) => string>> = {
  SQLite: (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
    context.after(() => rmSync(directory, { recursive: true, force: true }))
    return join(directory, 'state.db')
  },
  PostgreSQL: () => server!.newUrl(),
}

for (const [database, place] of Object.entries(DATABASES)) {
  const skip = database === 'PostgreSQL' && postgresPrograms() === null && 'the Debian package postgresql is not there'
  suite(`a state store in ${database}`, { skip }, () => behaves(place))
}

function behaves(place: (context: TestContext) => string): void {
  const open = (context: TestContext): Promise<StateStore> => StateStore.open(place(context))

  suite('policies', () => {
    test('every version is kept with author, reason and what it changed', async (context) => {
      await using state = await open(context)
      await state.policies.apply(change('a\nb\n'))
      await state.policies.apply(change('a\nc\n'))
      assert.deepEqual(
        (await state.policies.list()).map(({ version, author, reason }) => [version, author, reason]),
        [
          [2, 'ann', 'ticket 7'],
          [1, 'ann', 'ticket 7'],
        ],
      )
      assert.match(
        await state.policies.diff(1, 2),
        /--- policy.yaml\tversion 1\n\+\+\+ policy.yaml\tversion 2\n.*\n a\n-b\n\+c/,
      )
      assert.match(await state.policies.diff(null, 1), /\tno policy\n[^]*\+a\n\+b/)
      assert.equal(await state.policies.diff(2, 2), '')
    })

    test('the same policy again is the same version', async (context) => {
      await using state = await open(context)
      assert.equal((await state.policies.apply(change('a'))).version, 1)
      assert.equal((await state.policies.apply(change('a'))).version, 1)
      assert.equal(
        (await state.policies.apply({ ...change('a'), mode: 'enforce' })).version,
        2,
        'another mode is another version',
      )
      assert.equal((await state.policies.list()).length, 2)
    })

    test('a policy on trial goes back by itself when nobody confirms it in time', async (context) => {
      await using state = await open(context)
      await state.policies.apply(change('a'))
      await state.policies.apply(change('b', NOW + 60_000))
      assert.deepEqual(await state.policies.inForce(), { version: 2, confirmed: 1, confirmByMs: NOW + 60_000 })
      assert.equal(await state.policies.expireTrial(NOW + 59_999), false)
      assert.equal(await state.policies.expireTrial(NOW + 60_000), true)
      assert.deepEqual(await state.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
      assert.equal(await state.policies.confirm(NOW + 60_001), false)
    })

    test('a confirmed policy stays; too late is too late', async (context) => {
      await using state = await open(context)
      await state.policies.apply(change('a', NOW + 60_000))
      assert.equal(await state.policies.confirm(NOW + 60_000), false)
      assert.equal(await state.policies.confirm(NOW + 1000), true)
      assert.equal(await state.policies.expireTrial(NOW + HOUR), false)
      assert.deepEqual(await state.policies.inForce(), { version: 1, confirmed: 1, confirmByMs: null })
    })

    test('a second trial goes back to what was confirmed, not to the first trial', async (context) => {
      await using state = await open(context)
      await state.policies.apply(change('a'))
      await state.policies.apply(change('b', NOW + 60_000))
      await state.policies.apply(change('c', NOW + 90_000))
      await state.policies.expireTrial(NOW + 90_000)
      assert.equal((await state.policies.inForce()).version, 1)
    })

    test('rollback ends a trial, else goes to the version before, or to the one named', async (context) => {
      await using state = await open(context)
      const rollback = async (to: number | null): Promise<number | null> => {
        await state.policies.setRolledBack(await state.policies.rollbackTarget(to))
        return (await state.policies.inForce()).version
      }
      await assert.rejects(rollback(null), /no earlier policy/)
      await state.policies.apply(change('a', NOW + 1000))
      assert.equal(await rollback(null), null, 'before the first there was none')
      for (const text of ['b', 'c', 'd']) await state.policies.apply(change(text))
      assert.equal(await rollback(null), 3)
      assert.equal(await rollback(2), 2)
      await assert.rejects(rollback(9), /no policy version 9/)
      assert.equal((await state.policies.inForce()).version, 2)
    })

    test('a version that apply has answered is there after kill -9', async (context) => {
      const path = place(context)
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
        await using state = await StateStore.open(path)
        const { version } = await state.policies.inForce()
        assert.ok(version !== null && version >= answered && answered > 0)
        assert.equal((await state.policies.list()).length, Math.min(version, 1000))
      }
    })
  })

  suite('alerts', () => {
    test('what goes on is one alert whose evidence grows', async (context) => {
      await using state = await open(context)
      assert.equal((await state.alerts.record([alert()], LOOK)).length, 1)
      assert.equal((await state.alerts.record([alert({ lastMs: NOW + HOUR, numbers: { calls: 60 } })], LOOK)).length, 0)
      const { alerts } = await state.alerts.list({ limit: 10 })
      assert.deepEqual(
        alerts.map(({ numbers, lastMs, firstMs, technique }) => [numbers, lastMs - firstMs, technique.id]),
        [[{ calls: 60 }, 2 * HOUR, 'T1071']],
      )
    })

    test('the same after a week of silence, or after it was closed, is a new alert', async (context) => {
      await using state = await open(context)
      const [first] = await state.alerts.record([alert()], LOOK)
      assert.equal(await state.alerts.close(first!.id, 'ann', NOW + 1), true)
      assert.equal(await state.alerts.close(first!.id, 'ann', NOW + 1), false)
      assert.equal((await state.alerts.record([alert()], LOOK)).length, 0, 'the flows that were looked into')
      assert.equal((await state.alerts.record([alert({ lastMs: NOW + 2 })], LOOK)).length, 1)
      assert.equal(
        (await state.alerts.record([alert({ firstMs: NOW + 25 * HOUR, lastMs: NOW + 26 * HOUR })], LOOK)).length,
        0,
      )
      assert.equal(
        (await state.alerts.record([alert({ firstMs: NOW + 200 * HOUR, lastMs: NOW + 201 * HOUR })], LOOK)).length,
        1,
      )
      assert.equal((await state.alerts.list({ limit: 10, open: true })).alerts.length, 2)
    })

    test('a clock that jumps ahead and back makes nothing new of what goes on, and keeps nothing quiet', async (context) => {
      await using state = await open(context)
      const year = 8760 * HOUR
      const at = (nowMs: number, clockJumped: boolean) => ({ nowMs, latestMs: nowMs + 300_000, clockJumped })
      const seen = (nowMs: number) => [alert({ firstMs: nowMs - HOUR, lastMs: nowMs })]
      await state.alerts.record(seen(NOW), at(NOW, false))
      assert.equal((await state.alerts.record(seen(NOW + year), at(NOW + year, true))).length, 0)
      assert.equal((await state.alerts.record(seen(NOW + HOUR), at(NOW + HOUR, true))).length, 0)
      const [kept] = (await state.alerts.list({ limit: 10 })).alerts
      assert.equal(kept!.lastMs, NOW + HOUR, 'back in the present')
      await state.alerts.record(seen(NOW + year), at(NOW + year, true))
      await state.alerts.close(kept!.id, 'ann', NOW + year)
      assert.equal((await state.alerts.record(seen(NOW + 2 * HOUR), at(NOW + 2 * HOUR, true))).length, 1)
      assert.equal((await state.alerts.record(seen(NOW + 3 * HOUR), at(NOW + 3 * HOUR, true))).length, 0)
      const mute = { detector: 'beacon', subject: null, destination: null, reason: '', author: 'ann' }
      await state.mutes.add({ ...mute, createdMs: NOW + year, untilMs: NOW + year + HOUR })
      assert.deepEqual(await state.mutes.list(NOW), [])
    })

    test('pages follow each other', async (context) => {
      await using state = await open(context)
      await state.alerts.record(
        Array.from({ length: 7 }, (_, index) => alert({ destination: `d${index}.example` })),
        LOOK,
      )
      const seen: string[] = []
      for (let after: string | undefined, more = true; more;) {
        const page = await state.alerts.list({ limit: 3, ...(after === undefined ? {} : { after }) })
        seen.push(...page.alerts.map(({ destination }) => destination))
        more = page.next !== null
        after = page.next ?? undefined
      }
      assert.equal(new Set(seen).size, 7)
      assert.equal(seen.length, 7)
    })

    test('a mute holds until its time, for what it names', async (context) => {
      await using state = await open(context)
      const mute = { subject: null, reason: 'known', author: 'ann', createdMs: NOW, untilMs: NOW + HOUR }
      const { id } = await state.mutes.add({ ...mute, detector: 'beacon', destination: 'c2.example' })
      assert.equal(isMuted(alert(), await state.mutes.list(NOW)), true)
      assert.equal(isMuted(alert({ detector: 'dns-tunnel' }), await state.mutes.list(NOW)), false)
      assert.equal(isMuted(alert(), await state.mutes.list(NOW + HOUR)), false)
      assert.equal(await state.mutes.remove(id), true)
      assert.deepEqual(await state.mutes.list(NOW), [])
    })
  })

  suite('users', () => {
    test('the right password of the right user, and nothing else', async (context) => {
      await using state = await open(context)
      await state.users.add('ann', 'editor', 'correct horse battery', NOW)
      assert.deepEqual(await state.users.verify('ann', 'correct horse battery'), {
        name: 'ann',
        role: 'editor',
        createdMs: NOW,
        isExternal: false,
      })
      assert.equal(await state.users.verify('ann', 'correct horse batterx'), null)
      assert.equal(await state.users.verify('bob', 'correct horse battery'), null)
      await assert.rejects(state.users.add('ann', 'viewer', 'another password', NOW), /already/)
      await assert.rejects(state.users.add('Bob!', 'viewer', 'another password', NOW), /user name/)
      await assert.rejects(state.users.add('bob', 'viewer', 'short', NOW), /12 to 1024/)
    })

    test('whom an identity provider names has the role that it gives now, and nobody else’s account', async (context) => {
      await using state = await open(context)
      const { users } = state
      const ann = { externalId: 'https://id.example 1', name: 'oidc:ann', role: 'viewer' as const }
      const user = await users.admitExternal(ann, NOW)
      assert.deepEqual(user, { name: 'oidc:ann', role: 'viewer', createdMs: NOW, isExternal: true })
      const { token } = await users.openSession(user!, NOW, HOUR)
      await users.admitExternal({ ...ann, role: 'admin', name: 'oidc:renamed' }, NOW + 1)
      assert.deepEqual((await users.session(token, NOW, HOUR))?.user, { ...user, role: 'admin' })
      assert.equal(await users.admitExternal({ ...ann, externalId: 'https://id.example 2' }, NOW), null)
      for (const password of ['', 'x']) assert.equal(await users.verify('oidc:ann', password), null)
      assert.equal(await users.removeExternal(ann.externalId), true)
      assert.equal(await users.session(token, NOW, HOUR), null)
    })

    test('a session ends with its time, its user, its password, and when it is closed', async (context) => {
      await using state = await open(context)
      const ann = await state.users.add('ann', 'admin', 'correct horse battery', NOW)
      const signIn = async (): Promise<string> => (await state.users.openSession(ann, NOW, HOUR)).token
      const token = await signIn()
      assert.equal((await state.users.session(token, NOW, HOUR))?.user.name, 'ann')
      assert.equal(await state.users.session(`${token}x`, NOW, HOUR), null)
      assert.equal(await state.users.session(token, NOW + HOUR, HOUR), null)
      assert.equal(await state.users.session(token, NOW - 1, HOUR), null, 'the clock was ahead')
      await state.users.closeSession(token)
      assert.equal(await state.users.session(token, NOW, HOUR), null)
      const other = await signIn()
      await state.users.setPassword('ann', 'correct horse batteries')
      assert.equal(await state.users.session(other, NOW, HOUR), null)
      const third = await signIn()
      await state.users.remove('ann')
      assert.equal(await state.users.session(third, NOW, HOUR), null)
    })

    test('a role may do what the roles before it may', () => {
      assert.equal(mayAct({ role: 'editor' }, 'analyst'), true)
      assert.equal(mayAct({ role: 'analyst' }, 'editor'), false)
    })
  })

  test('settings and the audit log keep what they are told', async (context) => {
    await using state = await open(context)
    assert.equal(await state.settings.get('retention'), undefined)
    await state.settings.set('retention', { days: 30 }, 'ann', NOW)
    await state.settings.set('retention', { days: 7 }, 'ann', NOW)
    assert.deepEqual(await state.settings.get('retention'), { days: 7 })
    for (const action of ['one', 'two', 'three'])
      await state.audit.add({ timeMs: NOW, actor: 'ann', action, target: '' })
    assert.deepEqual(
      (await state.audit.list(2)).map(({ id, action }) => [id, action]),
      [
        [3, 'three'],
        [2, 'two'],
      ],
    )
    assert.deepEqual(
      (await state.audit.list(2, 2)).map(({ action }) => action),
      ['one'],
    )
  })

  test('changes that come at once from several processes are each kept, under a number of its own', async (context) => {
    const path = place(context)
    await using first = await StateStore.open(path)
    await using second = await StateStore.open(path)
    const stores = [first, second, first, second]
    const given = await Promise.all(
      Array.from({ length: 24 }, (_, index) => stores[index % 4]!.policies.apply(change(`policy ${index}`))),
    )
    const numbers = given.map(({ version }) => version).toSorted((a, b) => a - b)
    assert.deepEqual(
      numbers,
      Array.from({ length: 24 }, (_, index) => index + 1),
    )
    await Promise.all(
      numbers.map((at) => stores[at % 4]!.audit.add({ timeMs: at, actor: 'a', action: 'b', target: '' })),
    )
    assert.equal((await first.audit.list(100)).length, 24)
  })

  test('of those who confirm a trial and those who undo it, one alone succeeds', async (context) => {
    const path = place(context)
    await using first = await StateStore.open(path)
    await using second = await StateStore.open(path)
    for (let round = 0; round < 10; round++) {
      await first.policies.apply(change(`kept ${round}`))
      const { confirmed } = await first.policies.inForce()
      const { version } = await first.policies.apply(change(`on trial ${round}`, NOW + 1000))
      const done = await Promise.all([first.policies.confirm(NOW), second.policies.expireTrial(NOW + 1000)])
      assert.equal(done.filter((each) => each).length, 1)
      const held = done[0] ? version : confirmed
      assert.deepEqual(await second.policies.inForce(), { version: held, confirmed: held, confirmByMs: null })
    }
  })

  test('a code of an authenticator that two give at once is good once', async (context) => {
    const path = place(context)
    await using first = await StateStore.open(path)
    await using second = await StateStore.open(path)
    await first.users.add('ann', 'viewer', 'correct horse battery', NOW)
    const secret = newTotpSecret()
    await first.users.setTotp('ann', secret)
    const code = totpCode(secret, Math.floor(NOW / 30_000))
    const taken = await Promise.all([first, second, first].map(({ users }) => users.takeTotp('ann', code, NOW)))
    assert.deepEqual(taken.toSorted(), [false, false, true])
  })

  test('what a host held while the store was away is kept under numbers that are free', async (context) => {
    await using state = await open(context)
    await state.policies.apply(change('a'))
    await state.policies.apply(change('b'))
    const held = (version: number, text: string) => ({ ...change(text), version })
    assert.deepEqual(await state.policies.reconcile(held(1, 'a'), held(1, 'a'), null), {
      version: 1,
      confirmed: 1,
      confirmByMs: null,
    })
    const onTrial = await state.policies.reconcile(held(2, 'another'), held(2, 'another'), NOW)
    assert.deepEqual(onTrial, { version: 3, confirmed: 3, confirmByMs: NOW })
    assert.deepEqual(await state.policies.inForce(), onTrial)
    assert.deepEqual((await state.policies.get(2))?.files, files('b'))
  })

  test('a text is what it was, whatever is in it, but for NUL', async (context) => {
    await using state = await open(context)
    const target = `'); DROP TABLE audit; -- $1 $name ? :x \u{1F980} \\ " \n`
    await state.audit.add({ timeMs: NOW, actor: 'a\0b', action: '', target })
    const [entry] = await state.audit.list(1)
    assert.deepEqual([entry?.actor, entry?.target], ['a\u{FFFD}b', target])
  })
}

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
