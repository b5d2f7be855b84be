import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoreRoom } from '@sallyport/store'
import { keepRoom, type Disk } from '../src/desk/keep-room.ts'

const GB = 1e9

/** A store that takes up what was stored, on a disk that others use too; each step is what happens before a look. */
async function watch(
  keepBytes: number | null,
  steps: readonly ((world: { stored: number; others: number }) => void)[],
  diskBytes: number | null = 100 * GB,
) {
  const world = { stored: 0, others: 0 }
  const rooms: StoreRoom[] = []
  const notices: string[] = []
  const bounds: (readonly [number, number])[] = []
  const stopped = new AbortController()
  const ahead = [...steps]
  const next = (): void => ahead.shift()?.(world)
  next()
  const store = {
    heldRoom: async () => ({ bytes: world.stored, flows: world.stored / 100, oldestMs: 0 }),
    makeRoom: async (neededBytes: number) => {
      world.stored -= neededBytes
      return { flows: neededBytes / 100, beforeMs: 0 }
    },
    boundParts: async (...bound: [number, number]) => void bounds.push(bound),
  }
  await keepRoom(
    {
      store,
      disk:
        diskBytes === null
          ? null
          : (): Disk => ({ totalBytes: diskBytes, freeBytes: diskBytes - world.others - world.stored }),
      keepBytes,
      onRoom: (room) => {
        rooms.push(room)
        if (ahead.length === 0) stopped.abort()
        next()
      },
      onNotice: (text) => notices.push(text),
      onFailure: (error) => assert.fail(String(error)),
      lookMs: 1,
    },
    stopped.signal,
  )
  return { rooms, notices, bounds }
}

const store =
  (stored: number) =>
  (world: { stored: number }): void =>
    void (world.stored = stored)
const fill =
  (others: number) =>
  (world: { others: number }): void =>
    void (world.others = others)

test('a store takes what it was given, and what was removed for that is counted and said', async () => {
  const { rooms, notices } = await watch(10 * GB, [store(9 * GB), store(11 * GB), store(10.5 * GB)])
  assert.deepEqual(
    rooms.map(({ bytes, removedFlows, limitBytes }) => [bytes / GB, (removedFlows * 100) / GB, limitBytes / GB]),
    [
      [9, 0, 10],
      [9.5, 1.5, 10],
      [9.5, 2.5, 10],
    ],
  )
  assert.equal(notices.length, 2)
  assert.match(notices[0]!, /^15000000 stored flows of before 1970-01-01T00:00:00.000Z were removed to make room$/)
})

test('unless told otherwise it takes half of its disk, in parts of which one can go, and leaves the last of it alone', async () => {
  const { rooms, bounds } = await watch(null, [store(49 * GB), store(51 * GB)])
  assert.deepEqual(
    rooms.map(({ bytes }) => bytes / GB),
    [49, 47.5],
  )
  assert.deepEqual(bounds, [[(50 * GB) / 16, (10 * GB) / 4]])
})

test('others who fill the disk do not empty the store: it stays as large as it was until there is room', async () => {
  const { rooms } = await watch(null, [store(20 * GB), fill(75 * GB), store(21 * GB), fill(10 * GB), store(30 * GB)])
  assert.deepEqual(
    rooms.map(({ bytes, limitBytes, isShort }) => [bytes / GB, limitBytes / GB, isShort]),
    [
      [20, 50, false],
      [20, 20, true],
      [19, 20, true],
      [19, 50, false],
      [30, 50, false],
    ],
  )
})

test('on a server nothing is removed unless a limit was given', async () => {
  const fail = (): never => assert.fail()
  const none = { store: { heldRoom: fail, makeRoom: fail, boundParts: fail }, disk: null, keepBytes: null }
  await keepRoom({ ...none, onRoom: fail, onNotice: fail, onFailure: fail }, new AbortController().signal)
  const { rooms, bounds } = await watch(10 * GB, [store(20 * GB)], null)
  assert.equal(rooms[0]!.bytes, 9.5 * GB)
  assert.deepEqual(bounds, [])
})
