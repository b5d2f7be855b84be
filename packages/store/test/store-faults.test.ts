import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import type { FlowRecord } from '@sallyport/flow'
import { drainSpool, FlowSpool, FlowStore, parseFilter } from '../src/index.ts'
import { ALLOWED } from './stored-flows.ts'

function record(time: string, port: number): FlowRecord {
  return { time, domain: 'a.example', port, transport: 'tcp', verdict: ALLOWED }
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-faults-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const total = async (store: FlowStore, ...filter: string[]): Promise<number> =>
  (await store.top('verdict', parseFilter(filter, Date.now()), 10)).reduce((sum, { flows }) => sum + flows, 0)

suite('a clock that jumps', () => {
  test('years ahead and back loses no flow and no drop, and stops no batch', async (context) => {
    const path = directory(context)
    using store = await FlowStore.open()
    const clocks = [
      '2026-10-01T10:00:00Z',
      '2105-12-31T23:59:59Z',
      '1970-01-01T00:00:01Z',
      '2026-10-01T10:00:01Z',
      '9999-12-31T23:59:59Z',
    ]
    context.mock.timers.enable({ apis: ['Date'] })
    let appended = 0
    for (const clock of clocks) {
      context.mock.timers.setTime(Date.parse(clock))
      using spool = FlowSpool.open({ directory: path })
      for (let port = 0; port < 10; port++) spool.append(record(new Date().toISOString(), port))
      spool.drop('kernel-events', 7)
      appended += 10
      spool[Symbol.dispose]()
      await drainSpool(path, store)
    }
    assert.deepEqual(readdirSync(path), [])
    context.mock.timers.reset()
    const { damaged = 0, 'kernel-events': lost } = await store.drops(-(2 ** 40))
    // A table has no time after 2105.
    assert.equal(damaged, 10)
    assert.equal((await total(store)) + damaged, appended)
    assert.equal(lost, 7 * clocks.length)
    assert.equal(await total(store, 'since:2026-10-01T00:00:00Z', 'until:2026-10-02T00:00:00Z'), 20)
  })

  test('leaves rows of the far past to retention, and those of the future', async () => {
    using store = await FlowStore.open()
    const times = ['1970-01-01T00:00:01Z', '2026-10-01T10:00:00Z', '2100-01-01T00:00:00Z']
    const flows = times.map((time) => ({ flow: { time: Date.parse(time), port: 443 }, verdict: null, about: {} }))
    await store.ingest({ id: 'jump', flows }, Date.now())
    await store.expire(Date.parse('2026-09-01T00:00:00Z'))
    assert.equal(await total(store), 2)
    assert.equal((await store.list([], { limit: 10 })).flows.length, 2)
  })
})

test('while the disk of the store is full the spool keeps; with room again each flow is stored once', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root to mount a small file system')
  const spoolDirectory = directory(context)
  const disk = mkdtempSync(join(tmpdir(), 'sallyport-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk])
  context.after(() => {
    execFileSync('umount', ['--lazy', disk])
    rmSync(disk, { recursive: true })
  })
  using store = await FlowStore.open(join(disk, 'flows'))
  const filler = join(disk, 'filler')
  let appended = 0
  for (const full of [false, true, false, true]) {
    using spool = FlowSpool.open({ directory: spoolDirectory })
    for (let port = 0; port < 500; port++, appended++) spool.append(record('2026-10-01T10:00:00.000Z', port))
    spool[Symbol.dispose]()
    if (!full) {
      rmSync(filler, { force: true })
      await drainSpool(spoolDirectory, store)
      continue
    }
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(filler, Buffer.alloc(bavail * bsize))
    await assert.rejects(drainSpool(spoolDirectory, store))
    assert.equal(readdirSync(spoolDirectory).length, 1)
  }
  rmSync(filler)
  await drainSpool(spoolDirectory, store)
  assert.equal(await total(store), appended)
  assert.equal(await total(store, 'port:0-65535'), appended)
  assert.deepEqual(await store.drops(0), {})
})
