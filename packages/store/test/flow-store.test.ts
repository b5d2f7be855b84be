import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { matchDomain, matchPort, prefixContains } from '@sallyport/net'
import { matchGlob } from '@sallyport/policy'
import fc from 'fast-check'
import {
  decidingFacts,
  FlowStore,
  parseFilter,
  parseStoredFlow,
  type FlowFilter,
  type StoredFlow,
} from '../src/index.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

function stored(facts: object): StoredFlow {
  const flow = parseStoredFlow(JSON.stringify(facts))
  assert.ok(!('problem' in flow), JSON.stringify(flow))
  return flow
}

const denied = {
  verdict: 'deny',
  rule: 'no-c2',
  layer: 'org',
  mode: 'enforce',
  stage: 'dns',
  reason: 'rule',
  explain: 'x',
}

suite('a store in a directory', () => {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  let store: FlowStore
  before(async () => (store = await FlowStore.open(path)))
  after(() => {
    store[Symbol.dispose]()
    rmSync(path, { recursive: true })
  })

  test('a batch is stored once, however often it is sent', async () => {
    const flows = [
      stored({ time: '2026-08-31T23:00:00Z', domain: 'a.example', port: 443, transport: 'tcp', verdict: denied }),
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
    assert.deepEqual(flows[0]?.verdict, denied)
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
    const hours = await store.hourlyVolumes(Date.parse('2026-09-01T01:00:00Z'))
    assert.deepEqual(
      hours.map(({ hourMs, destination, flows, bytesOut }) => [
        new Date(hourMs).getUTCHours(),
        destination,
        flows,
        bytesOut,
      ]),
      [
        [1, '::ffff:192.0.2.1', 1, 7],
        [0, '', 25, 0],
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
      (await store.factGroups(filter, false)).map(({ count }) => count),
      [5],
    )
    assert.equal((await store.factGroups(filter, true)).length, 5)
  })

  test('an export is what its format says', async () => {
    const parquet = await store.export([], 'parquet')
    assert.equal(Buffer.from(parquet.subarray(0, 4)).toString(), 'PAR1')
    const csv = Buffer.from(await store.export(parseFilter(['ip:192.0.2.1'], NOW), 'csv')).toString()
    assert.match(csv, /^"time","device"/)
    assert.equal(csv.trimEnd().split('\n').length, 2)
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
      { numRuns: 25 },
    )
  })

  test('rows before the time of retention go, others stay', async () => {
    await store.expire(Date.parse('2026-09-01T12:00:00Z'))
    assert.deepEqual((await store.list(parseFilter(['until:2026-09-01T12:00:00Z'], NOW), { limit: 10 })).flows, [])
    assert.equal((await store.list(parseFilter(['user:paged'], NOW), { limit: 100 })).flows.length, 25)
  })

  test('it opens again with what it held', async () => {
    store[Symbol.dispose]()
    store = await FlowStore.open(path)
    assert.equal((await store.list(parseFilter(['user:paged'], NOW), { limit: 100 })).flows.length, 25)
  })
})

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

test('facts in another order are the same facts', () => {
  const one = stored({ port: 1, transport: 'tcp', bytesOut: 3, time: 1 })
  const other = stored({ transport: 'tcp', port: 1, time: 2 })
  assert.equal(decidingFacts(one.flow), decidingFacts(other.flow))
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

function holds(filter: FlowFilter, { flow }: StoredFlow): boolean {
  return filter.every(({ negated, anyOf }) => {
    const some = anyOf.some((condition) => {
      switch (condition.kind) {
        case 'glob':
          return matchGlob(condition.glob, String((flow as Record<string, unknown>)[condition.column] ?? ''))
        case 'domain':
          return flow.domain ? matchDomain(condition.pattern, flow.domain) : false
        case 'address':
          return flow[condition.column] ? prefixContains(condition.prefix, flow[condition.column]!) : false
        case 'port':
          return flow.transport === 'icmp'
            ? condition.range.transports.includes('icmp')
            : flow.transport && typeof flow.port === 'number'
              ? matchPort(condition.range, flow.transport, flow.port)
              : false
        default:
          return true
      }
    })
    return some !== negated
  })
}

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
