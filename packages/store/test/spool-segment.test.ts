import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import type { FlowRecord } from '@sallyport/flow'
import fc from 'fast-check'
import { drainSpool, FlowStore, readSegment } from '../src/index.ts'
import { knownFacts, otherFacts } from '../src/ingest/known-facts.ts'
import { readInSteps } from '../src/spool/read-segment.ts'
import { FRAME_MARK, SpoolFrames } from '../src/spool/spool-frame.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')
const verdict = {
  verdict: 'deny',
  rule: 'no-c2',
  layer: 'x',
  mode: 'enforce',
  stage: 'dns',
  reason: 'rule',
  explain: 'why',
} as const
const [EARLIER_FLOW_KIND, FLOW_KIND] = [1, 3]
const HEAD_BYTES = 12

/** One of any kind, with sound checksums. */
function frame(kind: number, body: Buffer): Buffer {
  const checksum = crc32(body, kind)
  const head = Buffer.alloc(HEAD_BYTES)
  head.set([FRAME_MARK, kind])
  head.writeUInt32LE(body.length, 2)
  head.writeUInt32LE(checksum, 6)
  head.writeUInt16LE((kind ^ body.length ^ (body.length >>> 16) ^ checksum ^ (checksum >>> 16)) & 0xffff, 10)
  return Buffer.concat([head, body])
}

const DROP = { time: '2026-10-01T10:00:00.000Z', reason: 'kernel-events', count: 3 } as const

const flow = (facts: Partial<FlowRecord> = {}): FlowRecord => ({ time: '2026-10-01T10:00:00.000Z', ...facts, verdict })

/** The segment, and where each of its frames begins. */
function framed(records: readonly FlowRecord[]): { readonly bytes: Buffer; readonly starts: readonly number[] } {
  const frames = new SpoolFrames()
  const starts = records.map((record) => {
    const { size } = frames
    assert.equal(frames.addFlow(record, NOW), 'added')
    return size
  })
  return { bytes: Buffer.from(frames.bytes()), starts }
}

function lines(records: readonly object[]): Buffer {
  const text = records.map((record) => {
    const json = JSON.stringify(record)
    return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
  })
  return Buffer.from(text.join(''))
}

const lost = ({ drops }: ReturnType<typeof readSegment>): number => drops.reduce((sum, { count }) => sum + count, 0)

/** What the store is handed of the records of a segment. */
function recordsOf(bytes: Uint8Array): readonly FlowRecord[] {
  const records: FlowRecord[] = []
  const reading = readInSteps(bytes, 'b', NOW, (record) => records.push(record))
  while (reading.next().done !== true);
  return records
}

suite('a segment of frames', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constant('x'.repeat(300)))
  const record = fc
    .record(
      {
        device: text,
        user: fc.option(text),
        app: text,
        dst: fc.oneof(fc.ipV4(), fc.ipV6()),
        port: fc.option(fc.integer({ min: 0, max: 65_535 })),
        boundNames: fc.array(text, { maxLength: 4 }),
        asn: fc.nat(),
        bytesOut: fc.option(fc.maxSafeNat()),
        durationMs: fc.option(fc.maxSafeNat()),
        parents: fc.array(text, { minLength: 1, maxLength: 3 }),
        id: fc.constantFrom('00000000deadbeef', 'ffffffffffffffff'),
      },
      { requiredKeys: [] },
    )
    .map((facts) => flow(facts as Partial<FlowRecord>))

  test('gives back every record as it was', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const { bytes } = framed(records)
        assert.deepEqual(recordsOf(bytes), records)
        const read = readSegment(bytes, 'b', NOW)
        assert.deepEqual([read.flows.count, read.drops], [records.length, []])
      }),
      { numRuns: 200 },
    )
  })

  test('that ends anywhere has what was whole before, and says that more was there', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), fc.nat(), (records, place) => {
        const { bytes, starts } = framed(records)
        const end = place % bytes.length
        const whole = [...starts.slice(1), bytes.length].filter((each) => each <= end).length
        const read = readSegment(bytes.subarray(0, end), 'b', NOW)
        assert.equal(read.flows.count, whole)
        assert.equal(lost(read), end === (starts[whole] ?? end) ? 0 : 1)
      }),
      { numRuns: 200 },
    )
  })

  test('with one octet that is another loses one record, and says so', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 10 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (records, place, change) => {
          const { bytes } = framed(records)
          bytes[place % bytes.length]! ^= change
          const read = readSegment(bytes, 'b', NOW)
          assert.equal(read.flows.count, records.length - 1)
          assert.equal(lost(read), 1)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('is no segment of lines when the first octet is another, and no number before zeros is a frame', () => {
    const only = framed([flow({ parents: ['a\nb\nc'] })]).bytes
    only[0]! ^= 1
    assert.equal(lost(readSegment(only, 'b', NOW)), 1)
    const numbers = framed([flow({ bytesOut: FRAME_MARK, bytesIn: 0, durationMs: 0 }), flow()]).bytes
    assert.ok(numbers.includes(Buffer.from([FRAME_MARK, ...Buffer.alloc(11)]), 1))
    numbers[2]! ^= 1
    const read = readSegment(numbers, 'b', NOW)
    assert.deepEqual([read.flows.count, lost(read)], [1, 1])
  })

  test('loses a record alone whose octets are no row, however sound their checksum', () => {
    const whole = framed([flow({ user: 'ann', boundNames: ['a', 'b'], dst: '192.0.2.1' })]).bytes
    const row = whole.subarray(HEAD_BYTES)
    assert.deepEqual(frame(FLOW_KIND, row), whole)
    for (const odd of [row.subarray(0, -1), row.subarray(0, 30), Buffer.concat([row, Buffer.of(0)]), Buffer.alloc(0)]) {
      const read = readSegment(Buffer.concat([whole, frame(FLOW_KIND, odd), whole]), 'b', NOW)
      assert.deepEqual(read.flows, readSegment(Buffer.concat([whole, whole]), 'b', NOW).flows)
      assert.equal(lost(read), 1)
    }
  })

  test('of a version before 11 of the store has the same flow, whose row ends before what is known', () => {
    const record = flow({ user: 'ann', boundNames: ['a', 'b'], dst: '192.0.2.1', tags: ['lab'] })
    const whole = framed([record]).bytes
    const added = [knownFacts(record), otherFacts(record)].reduce((sum, text) => sum + 1 + Buffer.byteLength(text), 0)
    const earlier = frame(EARLIER_FLOW_KIND, whole.subarray(HEAD_BYTES, -added))
    assert.deepEqual(readSegment(earlier, 'b', NOW), readSegment(whole, 'b', NOW))
    assert.equal(lost(readSegment(frame(EARLIER_FLOW_KIND, whole.subarray(HEAD_BYTES, -added - 1)), 'b', NOW)), 1)
  })

  test('has what is known to be missing', () => {
    const frames = new SpoolFrames()
    frames.addDrop(DROP)
    assert.deepEqual(readSegment(frames.bytes(), 'b', NOW).drops, [DROP])
  })

  test('takes no record that would take its batch along', () => {
    const frames = new SpoolFrames()
    for (const odd of [{ boundNames: [7] }, { user: {} }, { time: '9999-01-01T00:00:00Z' }, { verdict: [] }])
      assert.equal(frames.addFlow({ ...flow(), ...odd } as unknown as FlowRecord, NOW), 'no-flow')
    assert.equal(frames.addFlow(flow({ user: 'x'.repeat(2 ** 18) }), NOW), 'too-large')
    assert.equal(frames.size, 0)
  })

  test('is read in steps where it is large, to the same end', () => {
    const { bytes } = framed(Array.from({ length: 8001 }, (_, port) => flow({ port })))
    const reading = readInSteps(bytes, 'b', NOW)
    let steps = 0
    let step = reading.next()
    for (; step.done !== true; step = reading.next()) steps++
    assert.ok(steps >= 4)
    assert.deepEqual(step.value, readSegment(bytes, 'b', NOW))
  })
})

suite('a segment of lines, from an earlier version', () => {
  test('is stored as frames are', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-spool-'))
    try {
      const name = `${'0'.repeat(12)}-1-1-1-${'0'.repeat(12)}-00000000.sealed`
      const records = [flow({ user: 'ann', dst: '192.0.2.1', bytesOut: 7 }), flow({ id: '00000000deadbeef' })]
      writeFileSync(join(directory, name), lines([...records, { dropped: DROP }]))
      using store = await FlowStore.open()
      assert.deepEqual(await drainSpool(directory, store), { batches: 1, flows: 2, dropped: 3 })
      const { bytes } = framed(records)
      assert.deepEqual(readSegment(bytes, 'b', NOW).flows, readSegment(lines(records), 'b', NOW).flows)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('counts each record with a sound checksum, stored or not', () => {
    const keys = fc.constantFrom('time', 'dst', 'boundNames', 'verdict', 'id', 'parents', 'port')
    fc.assert(
      fc.property(fc.array(fc.dictionary(keys, fc.jsonValue())), (records) => {
        const read = readSegment(lines(records), 'b', NOW)
        assert.equal(read.flows.count + lost(read), records.length)
      }),
      { numRuns: 300 },
    )
  })
})

test('the reader of segments takes any octets, and says when something is not right', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const read = readSegment(bytes, 'b', NOW)
      assert.equal(read.flows.count, 0)
      assert.equal(lost(read) > 0, bytes.length > 0)
    }),
    { numRuns: 1000 },
  )
})
