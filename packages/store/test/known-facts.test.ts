import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { FlowRowWriter } from '../src/ingest/flow-row-writer.ts'
import { FLOW_COLUMNS } from '../src/ingest/flow-rows.ts'
import { KNOWN_SQL, OTHER_FACTS_SQL } from '../src/ingest/known-facts.ts'
import { migrate } from '../src/schema/migrate.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const text = fc.constantFrom('', 'a', 'b.example', '1.2.3.4', '"?', 'ü, +x')
const texts = fc.array(text, { maxLength: 3 })
const or = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.option(value, { nil: null, freq: 3 })

const record = fc.record(
  {
    app: or(text),
    asn: or(fc.constantFrom(0, 64_500, -1, 2 ** 32, 1.5)),
    boundNames: or(texts),
    container: or(text),
    domain: or(text),
    dst: or(fc.constantFrom('192.0.2.1', '2001:db8::1', 'nowhere', '')),
    port: or(fc.constantFrom(0, 443, 65_536)),
    src: or(fc.constantFrom('10.0.0.1', '::ffff:10.0.0.1', '10.0.0')),
    user: or(text),
    appSha256: or(text),
    groups: or(texts),
    http: or(fc.record({ host: text, path: or(text) }, { requiredKeys: [] })),
    posture: or(
      fc.dictionary(fc.constantFrom('a', 'b c'), fc.oneof(fc.boolean(), fc.constantFrom(0, -7, 0.5, 2 ** 53), text)),
    ),
  },
  { requiredKeys: [] },
)

test('what is known of facts is the same for rows that are stored with it and for rows that were stored without', async () => {
  using engine = openEmbedded()
  await migrate(engine)
  const rows = new FlowRowWriter('known', NOW)
  for (const each of fc.sample(record, { numRuns: 1000, seed: 5 })) assert.ok(rows.add(each))
  await engine.insertNative('flows', FLOW_COLUMNS, rows.rows.pieces, 'known')
  const all = await engine.query(
    `SELECT facts, known, ${KNOWN_SQL} AS knownSql, otherFacts, ${OTHER_FACTS_SQL} AS othersSql FROM flows`,
    {},
  )
  assert.equal(all.length, 1000)
  assert.ok(all.some(({ known }) => known === '?') && all.some(({ known }) => String(known).includes('+boundNames')))
  const read = (json: unknown): unknown => (json === '' ? null : JSON.parse(String(json)))
  for (const { facts, known, knownSql, otherFacts, othersSql } of all) {
    assert.equal(knownSql, known, String(facts))
    assert.deepEqual(read(othersSql), read(otherFacts), String(facts))
  }
})
