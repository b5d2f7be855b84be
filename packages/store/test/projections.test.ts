import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { filterSql, parseFilter, topFlows, type TopBy } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import type { SqlEngine } from '../src/engine/sql-engine.ts'
import { countVerdicts } from '../src/query/count-verdicts.ts'
import { topDestinations } from '../src/query/destinations.ts'
import { listFlows } from '../src/query/list-flows.ts'
import { newDestinations } from '../src/query/new-destinations.ts'
import { newestTimes } from '../src/query/newest-times.ts'
import { whenTheyWent } from '../src/query/when-they-went.ts'
import { whereTheyWent } from '../src/query/where-they-went.ts'
import { joinLeftBehind } from '../src/schema/left-behind.ts'
import { migrate } from '../src/schema/migrate.ts'
import { relayout } from '../src/schema/relayout.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

const FLOWS = 100_000

async function filled(): Promise<SqlEngine> {
  const engine = openEmbedded()
  await migrate(engine)
  await fill(engine)
  await merge(engine)
  return engine
}

/** Only merges make projections. */
function merge(engine: SqlEngine): Promise<void> {
  return engine.define('OPTIMIZE TABLE flows FINAL')
}

function fill(engine: SqlEngine): Promise<void> {
  return engine.fill(`INSERT INTO flows (time, batch, seq, user, app, dst, country, asn, port, transport, names, destination, verdict, started, facts)
    SELECT toDateTime64('2026-09-29 10:00:00', 3, 'UTC') + number, 'b', number, concat('user', toString(number % 4)),
      concat('/usr/bin/', toString(number % 40)), toIPv6(concat('::ffff:192.0.2.', toString(number % 50))), if(number % 5 = 0, 'DE', 'FR'),
      number % 7, if(number % 9 = 0, 22, 443), 'tcp', [concat('h', toString(number % 50), '.example')] AS n, n[1],
      if(number % 11 = 0, 'deny', 'allow'), 1, '{}' FROM numbers(${FLOWS})`)
}

test('what is stored is summed up and copied when it is merged, and counts before', async () => {
  using engine = await filled()
  const assertCounted = async (times: number): Promise<void> => {
    for (const [by, text, flows] of [
      ['destination', 'country:DE', 20_000],
      ['user', 'app:/usr/bin/7', 2500],
      ['verdict', 'domain:h7.example', 2000],
      ['app', 'user:user3', 25_000],
      ['destination', '', FLOWS],
    ] as const) {
      const rows = await topFlows(engine, by, parseFilter([text], NOW), 1000)
      assert.equal(
        rows.reduce((sum, row) => sum + row.flows, 0),
        flows * times,
        `${by} ${text}`,
      )
    }
  }
  const projected = async (): Promise<readonly number[]> => {
    const rows = await engine.query(
      `SELECT rows AS n FROM system.projection_parts WHERE active AND name = 'by_user' ORDER BY n`,
      {},
    )
    return rows.map(({ n }) => Number(n))
  }
  await fill(engine)
  assert.deepEqual(await projected(), [FLOWS])
  assert.deepEqual(await relayout(engine), { rows: 2 * FLOWS, rowsLeft: 0 })
  await assertCounted(2)
  // As if it had been merged with those that came after.
  await engine.define('ALTER TABLE flows MODIFY SETTING materialize_projections_on_insert = 1')
  await fill(engine)
  assert.deepEqual(await projected(), [FLOWS, FLOWS])
  await joinLeftBehind(engine)
  for (let tries = 0; (await projected()).length < 3 && tries < 600; tries++) await sleep(50)
  assert.deepEqual(await projected(), [FLOWS, FLOWS, FLOWS])
  await merge(engine)
  assert.deepEqual(await projected(), [3 * FLOWS])
  await assertCounted(3)
})

test('what is asked of one user or application is read where its rows lie together', async () => {
  using engine = await filled()
  for (const [text, projection] of [
    ['user:user3', 'by_user'],
    ['user:user3 since:1000d', 'by_user'],
    ['app:/usr/bin/7 unit:x', 'by_user'],
    ['app:/usr/bin/7* since:1000d', 'by_user'],
  ] as const) {
    const { sql, params } = filterSql(parseFilter([text], NOW))
    const plan = await engine.query(
      `EXPLAIN projections = 1 SELECT destination, sum(started) FROM flows WHERE ${sql} GROUP BY destination`,
      params,
    )
    assert.match(JSON.stringify(plan), new RegExp(`ReadFromMergeTree \\(${projection}\\)`), text)
  }
})

/** Where the engine reads what it is asked. */
async function readBy(engine: SqlEngine, ask: (engine: SqlEngine) => Promise<unknown>): Promise<string> {
  const plans: string[] = []
  const explaining: SqlEngine = {
    ...engine,
    query: async (statement, params) => {
      const at = plans.push('') - 1
      plans[at] = JSON.stringify(await engine.query(`EXPLAIN projections = 1 ${statement}`, params))
      return engine.query(statement, params)
    },
  }
  await ask(explaining)
  return [...plans.join().matchAll(/ReadFrom[A-Za-z]* \(([a-z_.]+)\)/g)].map((match) => match[1]).join()
}

function readFrom(engine: SqlEngine, by: TopBy, text: string): Promise<string> {
  return readBy(engine, (asked) => topFlows(asked, by, parseFilter([text], NOW), 10))
}

test('what is asked of a country, port, network, name or address is read from sums of days, or where its rows lie together', async () => {
  using engine = await filled()
  for (const [by, text, projection] of [
    ['destination', 'country:DE', 'by_place|by_visited'],
    ['destination', 'port:443 verdict:deny', 'by_place|by_visited'],
    ['country', 'domain:*.example', 'by_place'],
    ['destination', 'ip:192.0.2.0/27 asn:3', 'by_place'],
    ['app', 'country:DE since:2d', 'by_program'],
    ['port', 'app:/usr/bin/7', 'by_program'],
    ['user', '-country:DE port:443', 'by_person'],
    ['user', 'asn:3', 'by_person'],
    ['user', 'domain:h7.example', 'by_destination'],
    ['app', 'ip:192.0.2.7 user:user3', 'by_destination'],
    ['verdict', 'asn:3 since:2d until:1h', 'by_'],
    ['destination', 'app:/usr/bin/7', 'by_program_place'],
    ['destination', 'app:/usr/bin/7 country:DE since:2d', 'by_program_place'],
    ['rule', 'app:/usr/bin/7', 'by_program_place'],
    ['user', 'app:/usr/bin/7', 'by_program_person'],
    ['verdict', 'reason:default', 'by_outcome'],
  ] as const)
    assert.ok(
      new RegExp(projection).test(await readFrom(engine, by, text)),
      `${by} ${text}: ${await readFrom(engine, by, text)}`,
    )
})

test('what of a time is no whole day is read in the order of time', async () => {
  using engine = await filled()
  for (const text of ['app:/usr/bin/7', 'user:user3', 'country:DE']) {
    const read = await readFrom(engine, 'verdict', `${text} since:2026-09-29T18:30:00Z`)
    assert.doesNotMatch(read, /by_user|by_destination/, text)
    assert.match(read, /flows/, text)
  }
})

test('the newest flows are read along the order of the table, whatever is asked of them', async () => {
  using engine = await filled()
  for (const text of ['', 'user:user3', 'app:/usr/bin/7', 'verdict:deny', 'domain:h7.example', 'country:DE port:443']) {
    const filter = parseFilter([text], NOW)
    const read = await readBy(engine, (asked) => listFlows(asked, filter, { limit: 10 }))
    assert.doesNotMatch(read, /by_/, text)
  }
})

test('what is rare among the newest flows is looked for where it lies together', async () => {
  using engine = await filled()
  for (const [text, count, projection] of [
    ['user:user3', 25_000, 'by_user'],
    ['domain:h7.example', 2000, 'by_destination'],
    ['user:nobody', 0, 'by_user'],
  ] as const) {
    const filter = parseFilter([text], NOW)
    const newest = { which: filterSql(filter), together: whereTheyWent(filter), sinceMs: 0, untilMs: NOW * 2 }
    const few = { ...newest, count: 100_000, lookThrough: 5000 }
    let times: readonly number[] = []
    const read = await readBy(engine, async (asked) => void (times = await newestTimes(asked, few)))
    assert.match(read, new RegExp(projection), text)
    assert.equal(times.length, count, text)
    const least = await newestTimes(engine, { ...few, count: 1500 })
    assert.deepEqual(least, times.slice(0, 1500), text)
  }
})

test('of what sums of days have never seen, no flow is read', async () => {
  using engine = await filled()
  const rowsOf = async (text: string): Promise<number> => {
    const { sql, params } = whenTheyWent(parseFilter([text], NOW))
    const plan = await engine.query(`EXPLAIN ESTIMATE SELECT batch FROM flows WHERE ${sql}`, params)
    return plan.reduce((sum, row) => sum + Number(row['rows']), 0)
  }
  assert.equal(await rowsOf('country:IT port:443'), 0)
  assert.ok((await rowsOf('country:DE port:443')) >= 100_000)
})

test('who went to a destination is read from sums of days', async () => {
  using engine = await filled()
  for (const text of ['', 'country:DE', 'verdict:deny since:2d']) {
    const read = await readBy(engine, (asked) => topDestinations(asked, parseFilter([text], NOW), 10))
    assert.match(read, /by_visited/, text)
    assert.doesNotMatch(read.split('by_visited').at(-1)!, /by_destination|by_user/, text)
  }
  const [first] = await topDestinations(engine, [], 1)
  const [exact] = await engine.query(
    'SELECT uniqExact(app) AS apps, uniqExact(user) AS users FROM flows WHERE destination = {d:String}',
    { d: first!.destination },
  )
  assert.deepEqual([first!.apps, first!.users], [exact!['apps'], exact!['users']])
})

test('outcomes are counted, and new destinations found, in sums of days', async () => {
  using engine = await filled()
  const sinceMs = Date.parse('2026-09-29T18:00:00Z')
  const counted = await readBy(engine, (asked) => countVerdicts(asked, sinceMs))
  assert.match(counted, /by_outcome/)
  const all = (await countVerdicts(engine, sinceMs)).reduce((sum, { flows }) => sum + flows, 0)
  assert.equal(all, 100_000 - 8 * 3600)
  assert.match(await readBy(engine, (asked) => newDestinations(asked, sinceMs, 10)), /by_(visitors|place)/)
  assert.equal((await newDestinations(engine, sinceMs, 10)).length, 0)
  assert.equal((await newDestinations(engine, Date.parse('2026-09-29T10:00:30Z'), 100)).length, 20)
})

test('sums of days, hours and single flows make the same whole', async () => {
  using engine = await filled()
  const span = ['since:2026-09-29T11:30:10Z', 'until:2026-10-01T12:15:20Z']
  const rows = await topFlows(engine, 'destination', parseFilter(span, NOW), 1000)
  const exact = await engine.query(
    `SELECT destination AS k, sum(started) AS n, sumIf(started, verdict = 'deny') AS denied FROM flows
    WHERE time >= toDateTime64('2026-09-29 11:30:10', 3, 'UTC') AND time < toDateTime64('2026-10-01 12:15:20', 3, 'UTC')
    GROUP BY k ORDER BY n DESC, k`,
    {},
  )
  assert.deepEqual(
    rows.map(({ key, flows, denied }) => [key, flows, denied]),
    exact.map(({ k, n, denied }) => [k, n, denied]),
  )
})
