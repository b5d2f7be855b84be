import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { FlowRecord } from '@sallyport/flow'
import { drainSpool, FlowSpool, FlowStore, parseFilter, ReadableGroups } from '../src/index.ts'
import { allGroups, EVERY_FACT } from './stored-flows.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const verdict = {
  verdict: 'deny',
  rule: null,
  layer: 'x',
  mode: 'enforce',
  stage: 'dns',
  reason: 'default',
  explain: '',
} as const

function record(facts: Partial<FlowRecord> = {}): FlowRecord {
  return { time: '2026-10-01T10:00:00.000Z', domain: 'a.example', port: 443, transport: 'tcp', ...facts, verdict }
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-spool-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const stored = async (store: FlowStore, ...filter: string[]): Promise<number> =>
  (await store.list(parseFilter(filter, NOW), { limit: 100_000 })).flows.length

suite('the spool', () => {
  let opened: FlowStore | null = null
  const openStore = async (): Promise<FlowStore> => (opened ??= await FlowStore.open())
  after(() => opened?.[Symbol.dispose]())

  test('what was spooled is stored once, and the spool is empty then', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path, segmentBytes: 2000 })
    for (let port = 0; port < 50; port++) {
      spool.append(record({ user: 'once', port }))
      spool.flush()
    }
    spool[Symbol.dispose]()
    assert.ok(readdirSync(path).length > 3, 'several segments')
    assert.equal((await drainSpool(path, store)).flows, 50)
    assert.deepEqual(readdirSync(path), [])
    assert.deepEqual(await drainSpool(path, store), { batches: 0, flows: 0, dropped: 0 })
    assert.equal(await stored(store, 'user:once'), 50)
  })

  test('a segment that was stored and not yet removed is not stored again', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    spool.append(record({ user: 'again' }))
    spool[Symbol.dispose]()
    const [file] = readdirSync(path) as [string]
    const bytes = readFileSync(join(path, file))
    await drainSpool(path, store)
    writeFileSync(join(path, file), bytes)
    assert.deepEqual(await drainSpool(path, store), { batches: 0, flows: 0, dropped: 0 })
    assert.equal(await stored(store, 'user:again'), 1)
  })

  test('the segment of a writer that lives is left alone, that of a dead one is taken', async (context) => {
    const path = directory(context)
    const store = await openStore()
    using spool = FlowSpool.open({ directory: path })
    spool.append(record({ user: 'alive' }))
    spool.flush()
    assert.equal((await drainSpool(path, store)).flows, 0)
    const [file] = readdirSync(path) as [string]
    const [boot, space, , ...rest] = file.split('-')
    renameSync(join(path, file), join(path, [boot, space, '999999999', ...rest].join('-')))
    assert.equal((await drainSpool(path, store)).flows, 1)
  })

  test('a full spool keeps what it has, and says how much it dropped as soon as there is room', async (context) => {
    const path = directory(context)
    const store = await openStore()
    using spool = FlowSpool.open({ directory: path, maxBytes: 20_000, segmentBytes: 4000, segmentAgeMs: 100_000 })
    for (let port = 0; port < 1000; port++) {
      spool.append(record({ user: 'full', port }))
      if (port % 5 === 0) spool.flush()
    }
    spool.flush()
    const { spooled, dropped } = spool.counters()
    assert.ok(dropped['spool-full'] > 0 && spooled > 0)
    assert.equal(spooled + dropped['spool-full'], 1000)
    const used = readdirSync(path).reduce((sum, file) => sum + statSync(join(path, file)).size, 0)
    assert.ok(used <= 20_000, `${used} bytes`)
    await drainSpool(path, store)
    await sleep(1100)
    spool.append(record({ user: 'full', port: 1000 }))
    spool[Symbol.dispose]()
    await drainSpool(path, store)
    assert.equal(spool.counters().unsaid, 0)
    assert.equal(await stored(store, 'user:full'), spooled + 1)
    assert.equal((await store.drops(NOW))['spool-full'], dropped['spool-full'])
  })

  test('a disk that is full loses only what does not fit, and all of it is counted', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root to mount a small file system')
    const path = mkdtempSync(join(tmpdir(), 'sallyport-spool-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path])
    context.after(() => {
      execFileSync('umount', [path])
      rmSync(path, { recursive: true })
    })
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path, segmentBytes: 8000 })
    for (let port = 0; port < 1000; port++) {
      spool.append(record({ user: 'disk', port }))
      if (port % 5 === 0) spool.flush()
    }
    spool.flush()
    const { spooled, dropped } = spool.counters()
    assert.ok(dropped['spool-unwritable'] > 0 && spooled > 100)
    assert.equal(spooled + dropped['spool-unwritable'], 1000)
    spool[Symbol.dispose]()
    await drainSpool(path, store)
    assert.equal(await stored(store, 'user:disk'), spooled)
  })

  test('a record that is not as it was written is one flow dropped, and the others are stored', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    for (let port = 0; port < 3; port++) spool.append(record({ user: 'damaged', port }))
    spool[Symbol.dispose]()
    const file = join(path, readdirSync(path)[0]!)
    writeFileSync(file, readFileSync(file, 'latin1').replace('"port":1', '"port":7'), 'latin1')
    appendFileSync(file, '0000')
    assert.deepEqual(await drainSpool(path, store), { batches: 1, flows: 2, dropped: 2 })
    assert.equal((await store.drops(0))['damaged'], 2)
  })

  test('a record that is none is counted, and takes nothing of its batch along', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    spool.append(record({ user: 'sound', port: 1 }))
    for (const odd of [{ boundNames: [7] }, { user: {} }, { time: '9999-01-01T00:00:00Z' }, { verdict: [] }])
      spool.append({ ...record({ user: 'odd' }), ...odd } as unknown as FlowRecord)
    spool.append(record({ user: 'sound', port: 2 }))
    const damaged = (await store.drops(0))['damaged'] ?? 0
    spool[Symbol.dispose]()
    assert.deepEqual(await drainSpool(path, store), { batches: 1, flows: 2, dropped: 4 })
    assert.equal((await store.drops(0))['damaged'], damaged + 4)
    assert.equal(await stored(store, 'user:sound'), 2)
  })

  test('facts that no policy understands are stored, and counted where policies are decided by them', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    for (const protocol of ['tls', 'no-such-protocol', 'tls']) spool.append(record({ user: 'unreadable', protocol }))
    spool[Symbol.dispose]()
    await drainSpool(path, store)
    const recorded = new ReadableGroups(store, parseFilter(['user:unreadable'], NOW), EVERY_FACT)
    assert.deepEqual(
      (await allGroups(recorded)).map(({ count }) => count),
      [2],
    )
    assert.equal(recorded.unreadable, 1)
  })

  test('flows of more months than one block of a table usually takes are one batch', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    for (let month = 0; month < 120; month++)
      spool.append(record({ user: 'months', time: new Date(Date.UTC(2016, month)).toISOString() }))
    spool[Symbol.dispose]()
    assert.equal((await drainSpool(path, store)).flows, 120)
    assert.equal(await stored(store, 'user:months'), 120)
  })

  test('what the kernel lost is in the store beside the flows', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    spool.drop('kernel-events', 12)
    spool[Symbol.dispose]()
    await drainSpool(path, store)
    assert.equal((await store.drops(0))['kernel-events'], 12)
  })

  test('a store that fails leaves the spool as it is, and other segments are stored', async (context) => {
    const path = directory(context)
    const store = await openStore()
    const spool = FlowSpool.open({ directory: path })
    spool.append(record({ user: 'kept' }))
    spool[Symbol.dispose]()
    const [file] = readdirSync(path) as [string]
    mkdirSync(join(path, file.replace(/\d{8}\.sealed$/, '00000009.sealed')))
    await assert.rejects(drainSpool(path, store), /EISDIR/)
    assert.equal(await stored(store, 'user:kept'), 1)
  })

  test('a spool that cannot be made is an error with a code', () => {
    assert.throws(() => FlowSpool.open({ directory: '/dev/null/spool' }), { code: 'store-unavailable' })
  })
})

suite('kill -9', () => {
  const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const start = (name: string, ...args: string[]): ChildProcess =>
    spawn(process.execPath, [fixture(name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  test('of writers and of the one who stores, at any time: nothing that was spooled is lost or stored twice', async (context) => {
    const [spool, directoryOfStore] = [directory(context), directory(context)]
    const acknowledged = new Map<string, number>()
    for (let round = 0; round < 4; round++) {
      const user = `writer${round}`
      const writer = start('./spool-writer.fixture.ts', spool, user)
      writer.stdout!.on('data', (text: Buffer) =>
        acknowledged.set(user, Number(text.toString().trim().split('\n').at(-1))),
      )
      const drainer = start('./spool-drainer.fixture.ts', spool, directoryOfStore)
      await once(drainer.stdout!, 'data')
      await sleep(60 + 140 * round)
      await kill(drainer)
      await kill(writer)
    }
    using store = await FlowStore.open(directoryOfStore)
    await drainSpool(spool, store)
    assert.deepEqual(readdirSync(spool), [])
    let all = 0
    for (const [user, count] of acknowledged) {
      const { flows } = await store.list(parseFilter([`user:${user}`], NOW), { limit: 100_000 })
      assert.ok(flows.length >= count && count > 0, `${user}: ${flows.length} of ${count}`)
      assert.equal(new Set(flows.map(({ port, time }) => `${time} ${port}`)).size, flows.length, 'each once')
      all += flows.length
    }
    assert.equal(
      (await store.flowsByHour(0)).reduce((sum, [, flows]) => sum + flows, 0),
      all,
      'the rolled-up hours agree',
    )
    context.diagnostic(`${all} flows of ${acknowledged.size} writers`)
  })
})
