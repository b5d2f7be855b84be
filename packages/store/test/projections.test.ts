import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterSql, parseFilter, topFlows, type TopBy } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import type { SqlEngine } from '../src/engine/sql-engine.ts'
import { ONE_SERVER } from '../src/schema/layout.ts'
import { migrate } from '../src/schema/migrate.ts'
import { MIGRATIONS } from '../src/schema/migrations.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

async function filled(): Promise<SqlEngine> {
  const engine = openEmbedded()
  await migrate(engine)
  await engine.fill(`INSERT INTO flows (time, batch, seq, user, app, dst, country, asn, port, transport, names, destination, verdict, started)
    SELECT toDateTime64('2026-09-29 10:00:00', 3, 'UTC') + number, 'b', number, concat('user', toString(number % 4)),
      concat('/usr/bin/', toString(number % 40)), toIPv6(concat('::ffff:192.0.2.', toString(number % 50))), if(number % 5 = 0, 'DE', 'FR'),
      number % 7, if(number % 9 = 0, 22, 443), 'tcp', [concat('h', toString(number % 50), '.example')] AS n, n[1],
      if(number % 11 = 0, 'deny', 'allow'), 1 FROM numbers(100000)`)
  return engine
}

test('what is asked of one user or application is read where its rows lie together', async () => {
  using engine = await filled()
  for (const [text, projection] of [
    ['user:user3', 'by_user'],
    ['app:/usr/bin/7', 'by_user'],
    ['user:user3 since:1000d', 'by_user'],
    ['app:/usr/bin/7*', 'by_user'],
  ] as const) {
    const { sql, params } = filterSql(parseFilter([text], NOW))
    const plan = await engine.query(
      `EXPLAIN projections = 1 SELECT destination, sum(started) FROM flows WHERE ${sql} GROUP BY destination`,
      params,
    )
    assert.match(JSON.stringify(plan), new RegExp(`ReadFromMergeTree \\(${projection}\\)`), text)
  }
})

test('a store that is opened does not wait until what it holds is laid out anew', () => {
  const all = MIGRATIONS.flatMap((statements) => statements(ONE_SERVER))
  const rewriting = all.filter((statement) => statement.includes('MATERIALIZE PROJECTION'))
  assert.equal(rewriting.length, 2)
  for (const statement of rewriting) assert.match(statement, / SETTINGS mutations_sync = 0$/)
})

/** The engine, which says where it would read instead. */
async function readFrom(engine: SqlEngine, by: TopBy, text: string): Promise<string> {
  let plan = ''
  const explaining: SqlEngine = {
    ...engine,
    query: async (statement, params) => {
      plan += JSON.stringify(await engine.query(`EXPLAIN projections = 1 ${statement}`, params))
      return []
    },
  }
  await topFlows(explaining, by, parseFilter([text], NOW), 10)
  return [...plan.matchAll(/ReadFrom[A-Za-z]* \(([a-z_.]+)\)/g)].map((match) => match[1]).join()
}

test('what is asked of a country, port, network, name or address is read from sums of days, or where its rows lie together', async () => {
  using engine = await filled()
  for (const [by, text, projection] of [
    ['destination', 'country:DE', 'by_place'],
    ['destination', 'port:443 verdict:deny', 'by_place'],
    ['country', 'domain:*.example', 'by_place'],
    ['destination', 'ip:192.0.2.0/27 asn:3', 'by_place'],
    ['app', 'country:DE since:2d', 'by_program'],
    ['port', 'app:/usr/bin/7', 'by_program'],
    ['user', '-country:DE port:443', 'by_person'],
    ['user', 'domain:h7.example', 'by_destination'],
    ['app', 'ip:192.0.2.7 user:user3', 'by_destination'],
    ['verdict', 'asn:3 since:2d until:1h', 'by_'],
  ] as const)
    assert.ok(
      (await readFrom(engine, by, text)).includes(projection),
      `${by} ${text}: ${await readFrom(engine, by, text)}`,
    )
})
