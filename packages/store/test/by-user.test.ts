import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterSql, parseFilter } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { migrate } from '../src/schema/migrate.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

test('what one user or application did is read where its rows lie together', async () => {
  using engine = openEmbedded()
  await migrate(engine)
  await engine.fill(`INSERT INTO flows (time, batch, seq, user, app, destination, started)
    SELECT toDateTime64('2026-10-01 10:00:00', 3, 'UTC') + number, 'b', number, concat('user', toString(number % 4)),
      concat('/usr/bin/', toString(number % 40)), 'a.example', 1 FROM numbers(400000)`)
  for (const text of ['user:user3', 'app:/usr/bin/7', 'user:user3 since:1000d', 'app:/usr/bin/7*']) {
    const { sql, params } = filterSql(parseFilter([text], NOW))
    const plan = await engine.query(
      `EXPLAIN projections = 1 SELECT app, sum(started) FROM flows WHERE ${sql} GROUP BY app`,
      params,
    )
    assert.match(JSON.stringify(plan), /ReadFromMergeTree \(by_user\)/, text)
  }
})
