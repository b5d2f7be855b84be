import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Alert } from '@sallyport/detect'
import { carryState, newTotpSecret, StateStore, totpCode } from '../src/index.ts'
import { PostgresDatabase } from '../src/state/postgres-database.ts'
import { parsePostgresUrl } from '../src/state/postgres-address.ts'
import { postgresPrograms, PostgresServer } from './postgres-server.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const ALERTS = 500
/** More than there are. */
const MANY = 1000
const skip = postgresPrograms() === null && 'the Debian package postgresql is not there'

suite('state that is carried over to PostgreSQL', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await PostgresServer.open()
  })
  after(() => server[Symbol.asyncDispose]())

  test('is there whole, and what holds goes on to hold', async (context) => {
    const [file, url] = [await filled(context), server.newUrl()]
    const { already, rows } = await carryState(file, url)
    assert.equal(already, false)
    assert.deepEqual(rows, tableSizes(file))
    await using before = await StateStore.open(file)
    await using state = await StateStore.open(url)
    for (const ask of [
      ({ policies }: StateStore) => policies.list(),
      ({ audit }: StateStore) => audit.list(100),
      ({ mutes }: StateStore) => mutes.list(NOW),
      ({ settings }: StateStore) => settings.get('kept'),
    ])
      assert.equal(JSON.stringify(await ask(state)), JSON.stringify(await ask(before)))
    assert.deepEqual(await state.policies.inForce(), { version: 2, confirmed: 1, confirmByMs: NOW + 60_000 })
    assert.equal((await state.users.verify('ann', 'correct horse battery'))?.name, 'ann')
    assert.equal(await state.users.takeTotp('ann', CODE, NOW), true)
    const { version } = await state.policies.apply(policy('c'))
    assert.equal(version, 3, 'numbers go on where they were')
  })

  test('has every table of the state store', async (context) => {
    const file = await filled(context)
    const { rows } = await carryState(file, server.newUrl())
    for (const [table, count] of Object.entries(rows)) assert.ok(count > 0, `the test fills no ${table}`)
    assert.deepEqual(Object.keys(rows).toSorted(), Object.keys(tableSizes(file)).toSorted())
  })

  test('is said to be there when it is asked for again', async (context) => {
    const [file, url] = [await filled(context), server.newUrl()]
    await carryState(file, url)
    assert.equal((await carryState(file, url)).already, true)
  })

  test('does not touch a state that is another', async (context) => {
    const [file, url] = [await filled(context), server.newUrl()]
    {
      await using other = await StateStore.open(url)
      await other.settings.set('theirs', { a: 1 }, 'bob', NOW)
    }
    await assert.rejects(carryState(file, url), { code: 'state-occupied' })
    await using other = await StateStore.open(url)
    assert.deepEqual(await other.policies.list(), [])
    assert.deepEqual(await other.settings.get('theirs'), { a: 1 })
  })

  test('comes from a file that is there', async () => {
    await assert.rejects(carryState('/nonexistent/state.db', server.newUrl()), { code: 'state-unavailable' })
  })

  for (const [moment, statements, already] of [
    ['before it wrote anything', 0, false],
    ['in the middle', 5, false],
    ['when all is written, and not for good', MANY, false],
    ['before it said that all is there', Infinity, true],
  ] as const)
    test(`is there whole or not at all when the process dies ${moment}`, async (context) => {
      const [file, url] = [await filled(context), server.newUrl()]
      const fixture = fileURLToPath(new URL('state-carrier.fixture.ts', import.meta.url))
      const carrier = spawn(process.execPath, [fixture, file, url, String(statements)], { stdio: 'ignore' })
      assert.equal((await once(carrier, 'exit'))[1], 'SIGKILL')
      {
        await using database = new PostgresDatabase(parsePostgresUrl(url))
        const { length } = await database.all('SELECT * FROM alerts')
        assert.equal(length, already ? ALERTS : 0)
      }
      assert.equal((await carryState(file, url)).already, already)
      assert.equal((await carryState(file, url)).already, true)
    })
})

const SECRET = newTotpSecret()
const CODE = totpCode(SECRET, Math.floor(NOW / 30_000))

const policy = (text: string, confirmByMs: number | null = null) => ({
  author: 'ann',
  reason: 'ticket 7',
  createdMs: NOW,
  files: [{ file: 'p.yaml', text }],
  mode: 'enforce' as const,
  confirmByMs,
})

/** A state store with something in every table. */
async function filled(context: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-carry-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'state.db')
  await using state = await StateStore.open(file)
  await state.policies.apply(policy('a'))
  await state.policies.confirm(NOW)
  await state.policies.apply(policy('b', NOW + 60_000))
  await state.settings.set('kept', { days: [1, null, "it's"] }, 'ann', NOW)
  const alerts = Array.from({ length: ALERTS }, (_, index) => alert(`c2-${index}.example`))
  await state.alerts.record(alerts, { nowMs: NOW, latestMs: NOW, clockJumped: false })
  const cause = { detector: 'beacon', subject: null, destination: null }
  await state.mutes.add({ ...cause, untilMs: NOW + 1, reason: '', author: 'ann', createdMs: NOW })
  const ann = await state.users.add('ann', 'admin', 'correct horse battery', NOW)
  await state.users.setTotp('ann', SECRET)
  await state.users.openSession(ann, NOW, 60_000)
  await state.audit.add({ timeMs: NOW, actor: 'ann', action: 'add', target: '\u{1F980} $v0_0' })
  return file
}

const alert = (destination: string): Alert => ({
  detector: 'beacon',
  severity: 'high',
  technique: { id: 'T1071', name: 'Application Layer Protocol' },
  subject: '/tmp/x',
  destination,
  sentence: 's',
  numbers: { calls: 30 },
  series: [[NOW, 1]],
  firstMs: NOW - 1,
  lastMs: NOW,
})

function tableSizes(file: string): Record<string, number> {
  const database = new DatabaseSync(file, { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'schema_version'")
  const sizes = tables.all().map(({ name }) => {
    const row = database.prepare(`SELECT count(*) AS n FROM ${String(name)}`).get()
    return [String(name), Number(row!['n'])] as const
  })
  database.close()
  return Object.fromEntries(sizes)
}
