import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import {
  FlowStore,
  ReadableGroups,
  parseFilter,
  parseServerAddress,
  type ExportFormat,
  type FlowFilter,
} from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { FlowRowWriter } from '../src/ingest/flow-row-writer.ts'
import { ONE_SERVER } from '../src/schema/layout.ts'
import { MIGRATIONS } from '../src/schema/migrations.ts'
import { allGroups, DENIED, EVERY_FACT, holds, stored } from './stored-flows.ts'
import { startClickHouse, type ClickHouseProcess } from './start-clickhouse.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

for (const [place, parameters] of [
  ['in a directory', null],
  ['on a server', ''],
  ['on a cluster', '?cluster=fleet'],
] as const)
  suite(`a store ${place}`, () => tellsTheSame(parameters))

/** The same rules wherever the store is; null is a directory. */
function tellsTheSame(parameters: string | null): void {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  let server: ClickHouseProcess | null = null
  let store: FlowStore
  const open = (): Promise<FlowStore> =>
    FlowStore.open(server === null ? path : parseServerAddress(`${server.url}/flows${parameters}`))
  const exported = async (filter: FlowFilter, format: ExportFormat): Promise<Buffer> => {
    const file = await store.export(filter, format)
    const bytes = readFileSync(file)
    rmSync(file)
    return bytes
  }
  before(async () => {
    if (parameters !== null) server = await startClickHouse({ data: path })
    store = await open()
  })
  after(async () => {
    store[Symbol.dispose]()
    await server?.kill()
    rmSync(path, { recursive: true })
  })

  test('a batch is stored once, however often it is sent', async () => {
    const flows = [
      stored({ time: '2026-08-31T23:00:00Z', domain: 'a.example', port: 443, transport: 'tcp', verdict: DENIED }),
      stored({ time: '2026-09-01T01:00:00Z', dst: '192.0.2.1', port: 22, transport: 'tcp', user: null, bytesOut: 7 }),
    ]
    assert.equal(await store.ingest({ id: 'b1', flows }, NOW), true)
    assert.equal(await store.ingest({ id: 'b1', flows }, NOW), false)
    assert.equal((await store.list([], { limit: 10 })).flows.length, 2)
  })

  test('what was unknown, none, or a value comes back as it was', async () => {
    const { flows } = await store.list(parseFilter(['port:22'], NOW), { limit: 10 })
    assert.deepEqual(flows, [
      {
        time: '2026-09-01T01:00:00.000Z',
        dst: '192.0.2.1',
        port: 22,
        transport: 'tcp',
        user: null,
        bytesOut: 7,
        verdict: null,
      },
    ])
  })

  test('a verdict comes back whole', async () => {
    const { flows } = await store.list(parseFilter(['verdict:deny'], NOW), { limit: 10 })
    assert.deepEqual(flows[0]?.verdict, DENIED)
  })

  test('pages follow each other without a gap or an overlap, also where times are equal', async () => {
    const flows = Array.from({ length: 25 }, (_, index) =>
      stored({ time: '2026-09-02T00:00:00Z', user: 'paged', port: index, transport: 'tcp' }),
    )
    await store.ingest({ id: 'b2', flows }, NOW)
    const seen: unknown[] = []
    let after: string | undefined
    do {
      const page = await store.list(parseFilter(['user:paged'], NOW), {
        limit: 10,
        ...(after === undefined ? {} : { after }),
      })
      seen.push(...page.flows.map(({ port }) => port))
      after = page.next ?? undefined
    } while (after !== undefined)
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, index) => 24 - index),
    )
  })

  test('the busiest destinations come with what was denied', async () => {
    const top = await store.top('destination', parseFilter(['domain:a.example'], NOW), 10)
    assert.deepEqual(
      top.map(({ key, flows, denied }) => [key, flows, denied]),
      [['a.example', 1, 1]],
    )
  })

  test('hours are rolled up once, also from a batch that was sent again', async () => {
    const hours = await store.flowsByHour(Date.parse('2026-08-31T23:00:00Z'))
    assert.deepEqual(
      hours.map(([hourMs, flows, refused]) => [new Date(hourMs).getUTCHours(), flows, refused]),
      [
        [23, 1, 1],
        [1, 1, 0],
        [0, 25, 0],
      ],
    )
  })

  test('equal facts are one group with a count', async () => {
    const again = Array.from({ length: 5 }, (_, i) =>
      stored({ time: NOW + i * 60_000, domain: 'g.example', port: 443, transport: 'tcp' }),
    )
    await store.ingest({ id: 'b3', flows: again }, NOW)
    const filter = parseFilter(['domain:g.example'], NOW)
    assert.deepEqual(
      (await allGroups(new ReadableGroups(store, filter, EVERY_FACT))).map(({ count }) => count),
      [5],
    )
    const byMinute = new ReadableGroups(store, filter, { ...EVERY_FACT, byMinute: true })
    assert.equal((await allGroups(byMinute)).length, 5)
  })

  test('groups come in slices of their time, in which every flow is once', async () => {
    const spread = Array.from({ length: 40 }, (_, i) =>
      stored({ time: NOW - i * 600_000, domain: `s${i % 3}.example`, port: 443, transport: 'tcp' }),
    )
    await store.ingest({ id: 'slices', flows: spread }, NOW)
    const counted = async (filter: FlowFilter, flows: number): Promise<[number, number]> => {
      let [slices, counts] = [0, 0]
      for await (const groups of new ReadableGroups(store, filter, EVERY_FACT, {
        flows,
        mostFlows: flows,
        mostGroups: 1000,
      })) {
        slices++
        for (const { count } of groups) counts += count
      }
      return [slices, counts]
    }
    for (const words of [['domain:s0.example,s1.example,s2.example'], ['domain:s1.example', 'since:3h', 'until:10m']]) {
      const filter = parseFilter(words, NOW)
      const [, all] = await counted(filter, 1_000_000)
      assert.ok(all > 0)
      for (const sliceFlows of [4, 15]) {
        const [slices, flows] = await counted(filter, sliceFlows)
        assert.equal(flows, all)
        assert.ok(slices > 1)
      }
    }
  })

  test('an export is what its format says, and its file is the only thing left of it', async () => {
    const parquet = await exported([], 'parquet')
    assert.deepEqual([parquet.subarray(0, 4), parquet.subarray(-4)].map(String), ['PAR1', 'PAR1'])
    const csv = (await exported(parseFilter(['ip:192.0.2.1'], NOW), 'csv')).toString()
    assert.match(csv, /^"time","device".*\n.*"192\.0\.2\.1",.*\}"\n$/)
    const none = (await exported(parseFilter(['user:nobody-at-all'], NOW), 'csv')).toString()
    assert.match(none, /^"time","device"[^\n]*\n$/)
  })

  test('no cell of an export is a formula, and facts are as they were', async () => {
    const user = `=cmd|'/C calc'!A0,"\n`
    await store.ingest({ id: 'formula', flows: [stored({ time: '2026-09-01T02:00:00Z', user, unit: '+1' })] }, NOW)
    const csv = (await exported(parseFilter(['unit:+1'], NOW), 'csv')).toString()
    assert.ok(csv.includes(`,"'=cmd|'/C calc'!A0,""\n",`), csv)
    assert.ok(csv.includes(JSON.stringify(user).replaceAll('"', '""')), csv)
  })

  test('texts of a filter never become part of the statement', async () => {
    for (const text of [`x' OR 1=1 --`, `\\' OR 1 --`, '{f0:String}', '日本\u0000', `"; DROP TABLE flows`]) {
      const filter: FlowFilter = [{ negated: false, anyOf: [{ kind: 'glob', column: 'user', glob: text }] }]
      assert.deepEqual((await store.list(filter, { limit: 1 })).flows, [])
      const star: FlowFilter = [{ negated: false, anyOf: [{ kind: 'glob', column: 'user', glob: `${text}*` }] }]
      assert.deepEqual((await store.list(star, { limit: 1 })).flows, [])
    }
  })

  test('the filter in SQL holds for the same flows as in plain code', async () => {
    const facts = fc.record(
      {
        user: fc.constantFrom('ann', 'bob', null),
        app: fc.constantFrom('/usr/bin/curl', '/usr/bin/git/x', '/opt/a.b', null),
        domain: fc.constantFrom('github.com', 'api.github.com', 'notgithub.com', null),
        dst: fc.constantFrom('192.0.2.1', '192.0.3.1', '2001:db8::1', null),
        port: fc.constantFrom(22, 443, 8080, null),
        transport: fc.constantFrom('tcp', 'udp', 'icmp'),
      },
      { requiredKeys: ['transport'] },
    )
    const term = fc.constantFrom(
      'user:ann',
      '-user:a*',
      'app:/usr/bin/*',
      'app:/usr/**',
      'domain:.github.com',
      'domain:*.github.com',
      '-domain:github.com',
      'ip:192.0.2.0/24',
      '-ip:2001:db8::/32',
      'port:443',
      'port:tcp/1-1000',
      'port:icmp',
      'app:/opt/a.b,/usr/bin/curl',
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(facts, { minLength: 1, maxLength: 20 }),
        fc.array(term, { maxLength: 3 }),
        async (all, terms) => {
          const device = `run${run++}`
          const flows = all.map((each) => stored({ ...each, time: NOW, device }))
          await store.ingest({ id: device, flows }, NOW)
          const filter = parseFilter([...terms, `device:${device}`], NOW)
          const expected = flows.filter((each) => holds(filter, each)).length
          assert.equal((await store.list(filter, { limit: 100 })).flows.length, expected)
        },
      ),
      { numRuns: parameters === null ? 25 : 8 },
    )
  })

  test('rows before the time of retention go, others stay', async () => {
    await store.expire(Date.parse('2026-09-01T12:00:00Z'))
    assert.deepEqual((await store.list(parseFilter(['until:2026-09-01T12:00:00Z'], NOW), { limit: 10 })).flows, [])
    assert.equal((await store.list(parseFilter(['user:paged'], NOW), { limit: 100 })).flows.length, 25)
  })

  test('it opens again with what it held', async () => {
    store[Symbol.dispose]()
    store = await open()
    assert.equal((await store.list(parseFilter(['user:paged'], NOW), { limit: 100 })).flows.length, 25)
  })
}

test('a config.xml in the working directory is not read', async () => {
  const before = process.cwd()
  const hostile = mkdtempSync(join(tmpdir(), 'sallyport-hostile-'))
  writeFileSync(join(hostile, 'config.xml'), '<clickhouse><no')
  process.chdir(hostile)
  try {
    using store = await FlowStore.open(join(hostile, 'flows'))
    assert.deepEqual((await store.list([], { limit: 1 })).flows, [])
    assert.equal(process.cwd(), realpathSync(hostile))
  } finally {
    process.chdir(before)
    rmSync(hostile, { recursive: true })
  }
})

test('a filter that cannot be understood says what is allowed', () => {
  for (const [text, pattern] of [
    ['domian:x.example', /domian/],
    ['domain:*.*', /\*\.\*/],
    ['port:99999', /99999/],
    ['since:yesterday', /yesterday/],
    ['github.com', /KEY:VALUE/],
    ['__proto__:1', /__proto__/],
  ] as const) {
    assert.throws(() => parseFilter([text], NOW), pattern)
  }
})

test('the parser of filters takes any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseFilter([text], NOW)
      } catch (error) {
        assert.match(String(error), /SallyportError/)
      }
    }),
  )
})

suite('a connection that began and ended', () => {
  const begin = { time: '2026-10-01T08:00:00.000Z', id: '00000000deadbeef', user: 'ann', domain: 'a.example' }
  const end = { ...begin, ended: true, bytesOut: 900, durationMs: 5000, parents: ['/usr/bin/bash'] }
  const open = async (...batches: (readonly object[])[]): Promise<FlowStore> => {
    const store = await FlowStore.open()
    for (const [index, records] of batches.entries()) {
      const rows = new FlowRowWriter(`b${index}`, NOW)
      for (const record of records) rows.add(record as never)
      await store.ingest({ id: `b${index}`, flows: rows.rows }, NOW)
    }
    return store
  }
  for (const [name, batches] of [
    ['in one batch', [[begin, end]]],
    ['in two', [[begin], [end]]],
    ['in two, the end first', [[end], [begin]]],
  ] as const) {
    test(`is listed once, with what it carried, and counts once: ${name}`, async () => {
      using store = await open(...batches)
      const { flows } = await store.list([], { limit: 10 })
      assert.deepEqual(
        flows.map(({ bytesOut, durationMs, parents }) => ({ bytesOut, durationMs, parents })),
        [{ bytesOut: 900, durationMs: 5000, parents: ['/usr/bin/bash'] }],
      )
      for (const text of ['', 'user:ann'])
        assert.deepEqual(
          (await store.top('destination', parseFilter([text], NOW), 10)).map((row) => [row.flows, row.bytesOut]),
          [[1, 900]],
        )
      assert.deepEqual(
        (await allGroups(new ReadableGroups(store, [], EVERY_FACT))).map(({ count }) => count),
        [1],
      )
    })
  }
  test('is listed while it goes on', async () => {
    using store = await open([begin])
    assert.equal((await store.list([], { limit: 10 })).flows.length, 1)
  })
})

test('a store of the version before keeps its flows, and its hours are rolled up as those that come', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  {
    using engine = openEmbedded(path)
    for (const statements of MIGRATIONS.slice(0, 2))
      for (const each of statements(ONE_SERVER)) await engine.define(each)
    await engine.define('CREATE TABLE schema_version (version UInt32) ENGINE = MergeTree ORDER BY version')
    await engine.define('INSERT INTO schema_version VALUES (1), (2)')
    await engine.define(`INSERT INTO flows (time, batch, seq, dst, port, transport, verdict, facts) VALUES
      ('2026-10-01 10:00:00', 'old', 0, '::ffff:192.0.2.7', 443, 'tcp', 'deny', '{"dst":"192.0.2.7"}')`)
  }
  using store = await FlowStore.open(path)
  await store.ingest({ id: 'new', flows: [stored({ time: NOW, dst: '192.0.2.7', port: 443, transport: 'tcp' })] }, NOW)
  assert.equal((await store.list([], { limit: 10 })).flows.length, 2)
  assert.deepEqual(
    (await store.top('destination', [], 10)).map(({ key, flows, denied }) => [key, flows, denied]),
    [['192.0.2.7', 2, 1]],
  )
})
