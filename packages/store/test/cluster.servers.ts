import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { FlowRecord } from '@sallyport/flow'
import {
  drainSpool,
  FlowSpool,
  FlowStore,
  parseFilter,
  parseServerAddress,
  ReadableGroups,
  type Batch,
} from '../src/index.ts'
import { Cluster, noCluster } from './cluster/cluster.ts'
import { allGroups, ALLOWED, EVERY_FACT, stored } from './stored-flows.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const HOUR_MS = 3_600_000

function batch(number: number, flows = 200): Batch {
  return {
    id: `host/${number}`,
    flows: Array.from({ length: flows }, (_, at) => {
      const n = number * flows + at
      return stored({
        time: new Date(NOW - ((n * 97) % 5000) * 60_000).toISOString(),
        domain: `${n % 3 === 0 ? 'www' : 'api'}.host-${n % 23}.example`,
        dst: `192.0.2.${n % 40}`,
        user: `user-${n % 5}`,
        app: `/usr/bin/app-${n % 7}`,
        device: `device-${n % 2}`,
        country: ['DE', 'FR', 'NL'][n % 3],
        port: [443, 80, 22][n % 3],
        transport: 'tcp',
        bytesOut: n,
        bytesIn: n * 3,
        verdict: { ...ALLOWED, verdict: n % 10 === 0 ? 'deny' : 'allow' },
      })
    }),
    drops: [{ time: new Date(NOW).toISOString(), reason: 'kernel-events', count: number }],
  } as Batch
}

const sum = (rows: readonly { readonly flows: number }[]): number => rows.reduce((all, { flows }) => all + flows, 0)
const count = async (store: FlowStore): Promise<number> => sum(await store.top('verdict', [], 10))

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-on-cluster-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

suite('a cluster of two shards and two replicas', { skip: noCluster() ?? false }, () => {
  let cluster: Cluster
  before(async () => void (cluster = await Cluster.start()))
  after(() => cluster[Symbol.asyncDispose]())

  const open = (server: number, parameters = ''): Promise<FlowStore> =>
    FlowStore.open(parseServerAddress(cluster.address(server, 'flows', parameters)))

  /** Replicas have what each other has. */
  async function untilReplicated(): Promise<void> {
    for (const table of ['flows', 'batches', 'drops', 'top_hourly'])
      for (const server of [0, 1, 2, 3]) await cluster.ask(server, `SYSTEM SYNC REPLICA flows_shard.${table}`)
  }

  test('is defined by two hosts at once', async () => {
    const stores = await Promise.all([0, 3].map((server) => open(server)))
    for (const store of stores) {
      assert.equal(await count(store), 0)
      store[Symbol.dispose]()
    }
  })

  test('answers every question as one directory does, whichever server is asked', async () => {
    using embedded = await FlowStore.open()
    using first = await open(0)
    using last = await open(3)
    for (let number = 0; number < 8; number++) {
      assert.equal(await embedded.ingest(batch(number), NOW), true)
      assert.equal(await (number % 2 === 0 ? first : last).ingest(batch(number), NOW), true)
    }
    await untilReplicated()
    for (const server of [0, 1, 2, 3])
      assert.notEqual(await cluster.ask(server, 'SELECT count() FROM flows_shard.flows'), '0', 'both shards have some')
    const filters = [
      '',
      'domain:*.host-3.example',
      'app:/usr/bin/app-1 country:DE',
      'ip:192.0.2.0/28',
      'since:2h user:user-1',
    ]
    const asked: readonly Question[] = [
      ...filters.flatMap(questions),
      ['verdicts', (store) => store.countVerdicts(NOW - 24 * HOUR_MS)],
      ['hours', (store) => store.flowsByHour(NOW - 48 * HOUR_MS)],
      ['new destinations', (store) => store.newDestinations(NOW - HOUR_MS, 100)],
      ['drops', (store) => store.drops(0)],
      ['batches', async (store) => [...(await store.batchesAfter('host'))].map(([n, ids]) => [n, ids.toSorted()])],
      ['past', (store) => store.past(NOW - 30 * 24 * HOUR_MS, NOW)],
    ]
    for (const [at, [what, ask]] of asked.entries()) {
      const [expected, answer] = await Promise.all([ask(embedded), ask(at % 2 === 0 ? first : last)])
      // Two thousand rows that differ would take long to be shown.
      assert.ok(isDeepStrictEqual(sorted(answer), sorted(expected)), what)
    }
  })

  test('has a batch once that comes by two servers at the same moment, and again later', async () => {
    using first = await open(0)
    using second = await open(1)
    const before = await count(first)
    for (const number of [100, 101, 102, 103]) {
      await Promise.all([first, second].map((store) => store.ingest(batch(number), NOW)))
      await second.ingest(batch(number), NOW)
    }
    await untilReplicated()
    for (const by of ['verdict', 'user'] as const) assert.equal(sum(await first.top(by, [], 10)), before + 800, by)
  })

  for (const [what, fail, mend] of [
    ['the other replica', () => cluster.kill(1), () => cluster.start(1)],
    ['the server that is asked', () => cluster.kill(0), () => cluster.start(0)],
    [
      'a shard',
      () => Promise.all([cluster.kill(2), cluster.kill(3)]),
      () => Promise.all([cluster.start(2), cluster.start(3)]),
    ],
    ['the Keeper', () => cluster.keeper.kill(), () => cluster.keeper.start()],
  ] as readonly (readonly [string, () => Promise<unknown>, () => Promise<unknown>])[])
    test(`loses no flow and has none twice when ${what} goes while flows come in`, async (context) => {
      const path = directory(context)
      using store = await open(0, '&timeout=10')
      const before = await count(store)
      let appended = 0
      const append = (): void => {
        using spool = FlowSpool.open({ directory: path, segmentBytes: 20_000 })
        for (let n = 0; n < 400; n++) spool.append(record(appended++))
      }
      append()
      const draining = drainSpool(path, store).catch(() => {})
      await sleep(150)
      await fail()
      await draining
      append()
      await drainSpool(path, store).catch(() => {})
      await mend()
      for (let tries = 0; readdirSync(path).length > 0; tries++) {
        assert.ok(tries < 100)
        await drainSpool(path, store).catch(() => sleep(500))
      }
      await untilReplicated()
      assert.equal((await count(store)) - before, appended)
    })

  test('forgets what is too old while a replica is away, and there when it is back, and its sums with it', async () => {
    using store = await open(2)
    const before = await count(store)
    await cluster.kill(1)
    await store.expire(NOW - 24 * HOUR_MS)
    await cluster.start(1)
    await untilReplicated()
    const left = await count(store)
    assert.ok(left > 0 && left < before)
    assert.equal(sum(await store.top('destination', [], 1000)), left)
    for (const server of [0, 1, 2, 3])
      for (const table of ['flows WHERE time', 'top_hourly WHERE hour'])
        assert.equal(
          await cluster.ask(
            server,
            `SELECT count() FROM flows_shard.${table} < toDateTime('2026-09-30 11:00:00', 'UTC')`,
          ),
          '0',
        )
  })
})

async function taken(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  await rm(path)
  return text
}

type Question = readonly [what: string, ask: (store: FlowStore) => Promise<unknown>]

function questions(text: string): readonly Question[] {
  const filter = parseFilter([text], NOW)
  return [
    ...(['destination', 'app', 'user', 'port', 'rule'] as const).map(
      (by) => [`top ${by} ${text}`, (store: FlowStore) => store.top(by, filter, 1000)] as const,
    ),
    [`list ${text}`, (store) => store.list(filter, { limit: 50 })],
    [`destinations ${text}`, (store) => store.destinations(filter, 50)],
    [`groups ${text}`, (store) => allGroups(new ReadableGroups(store, filter, { ...EVERY_FACT, byMinute: true }))],
    [`csv ${text}`, async (store) => (await taken(await store.export(filter, 'csv'))).split('\n')],
  ]
}

function record(port: number): FlowRecord {
  return {
    time: '2026-10-01T10:00:00.000Z',
    domain: 'a.example',
    port: port % 65_536,
    transport: 'tcp',
    verdict: ALLOWED,
  }
}

/** Rows that are worth the same come in any order. */
function sorted(answer: unknown): unknown {
  return Array.isArray(answer) ? answer.map((row) => JSON.stringify(row)).toSorted() : answer
}
