import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlowStore, parseFilter } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { migrate } from '../src/schema/migrate.ts'
import { MIGRATIONS, PROJECTIONS } from '../src/schema/migrations.ts'
import { makeEarlierStore } from './earlier-store.ts'

const FLOWS = 100_000
const NOW = Date.parse('2026-10-02T00:00:00Z')
const FIXTURE = join(import.meta.dirname, 'relayout.fixture.ts')

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-earlier-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function relaidOut(store: FlowStore): Promise<readonly number[]> {
  const left: number[] = []
  for (let tries = 0; tries < 600; tries++) {
    const { rows, rowsLeft } = (await store.relayout())!
    assert.equal(rows, FLOWS)
    left.push(rowsLeft)
    if (rowsLeft === 0) return left
    await sleep(50)
  }
  return assert.fail(`not laid out anew: ${left.at(-1)} rows left`)
}

async function assertWhole(store: FlowStore): Promise<void> {
  for (const [by, text, keys, flows] of [
    ['user', '', 4, FLOWS / 4],
    ['destination', '', 300, Math.ceil(FLOWS / 300)],
    ['destination', 'app:/usr/bin/7', 6, Math.ceil(FLOWS / 300)],
    ['user', 'country:DE verdict:deny', 2, FLOWS / 20],
  ] as const) {
    const rows = await store.top(by, parseFilter([text], NOW), 1000)
    assert.deepEqual([rows.length, rows[0]!.flows], [keys, flows], `${by} ${text}`)
  }
  assert.equal((await store.list(parseFilter(['user:user3'], NOW), { limit: 20 })).flows.length, 20)
}

for (const version of [3, 6, 9])
  test(`a store of version ${version} is opened without rewriting what it holds, and answers before it is rewritten and after`, async (context) => {
    const path = directory(context)
    await makeEarlierStore(path, version, FLOWS)
    {
      using engine = openEmbedded(path)
      await migrate(engine)
      const begun = await engine.query(
        `SELECT command FROM system.mutations WHERE table = 'flows' AND command LIKE 'MATERIALIZE%'`,
        {},
      )
      assert.deepEqual(begun, [])
    }
    using store = await FlowStore.open(path)
    await assertWhole(store)
    const left = await relaidOut(store)
    assert.equal(left[0], FLOWS)
    assert.deepEqual(
      left,
      left.toSorted((a, b) => b - a),
    )
    await assertWhole(store)
  })

test('a new store has nothing to lay out', async () => {
  using store = await FlowStore.open()
  assert.deepEqual(await store.relayout(), { rows: 0, rowsLeft: 0 })
})

test('what is laid out anew is all that a table has of projections', async () => {
  using engine = openEmbedded()
  await migrate(engine)
  const rows = await engine.query(`SELECT name FROM system.projections WHERE table = 'flows'`, {})
  assert.deepEqual(rows.map(({ name }) => name).toSorted(), PROJECTIONS.toSorted())
})

test('killed anywhere while it is laid out anew, a store goes on where it was and has each flow once', async (context) => {
  const path = directory(context)
  await makeEarlierStore(path, 4, FLOWS)
  for (const pauseMs of [0, 60, 300]) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', FIXTURE, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), exit])
    await sleep(pauseMs)
    child.kill('SIGKILL')
    assert.deepEqual(await exit, [null, 'SIGKILL'])
  }
  using store = await FlowStore.open(path)
  await assertWhole(store)
  await relaidOut(store)
  await assertWhole(store)
})

test('killed between two statements, a store is brought to its version by the next start', async () => {
  const first = 4
  const statements = MIGRATIONS.slice(first).flatMap((each) => each)
  for (let done = 0; done < statements.length; done++) {
    using engine = openEmbedded()
    await migrate(engine, first)
    await assert.rejects(
      migrate({
        ...engine,
        define: (() => {
          let left = done
          return (statement: string) => (left-- > 0 ? engine.define(statement) : Promise.reject(new Error('killed')))
        })(),
      }),
      /killed/,
    )
    await migrate(engine)
    const rows = await engine.query(`SELECT count() AS n FROM system.projections WHERE table = 'flows'`, {})
    assert.equal(rows[0]?.['n'], PROJECTIONS.length)
  }
})
