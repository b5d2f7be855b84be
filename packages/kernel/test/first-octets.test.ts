import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { FirstOctets, KernelEvent } from '../src/index.ts'
import { eventually } from './eventually.ts'
import { allow, deny, generation, when } from './image-builder.ts'
import { openLab, settle, skip, type Lab } from './lab.ts'

/** A client that says more pieces than are looked at. */
const PIECES_SAID = 8
const PIECES_SEEN = 4

const text = ({ bytes }: FirstOctets<bigint>): string => Buffer.from(bytes).toString()

describe('the first octets of a flow', { skip }, () => {
  let lab: Lab
  const octets: FirstOctets<bigint>[] = []
  /** For each, whether its flow was told to begin by then, and not yet to end. */
  const isBetween: boolean[] = []
  const watch = ({ enforcement, events, ends }: Lab): void =>
    enforcement.firstOctets((each) => {
      octets.push({ ...each, bytes: each.bytes.slice() })
      const isOf = ({ cookie }: KernelEvent): boolean => cookie === each.of
      isBetween.push(events.some(isOf) && !ends.some(({ flow }) => isOf(flow)))
    })
  before(async () => {
    lab = await openLab()
    watch(lab)
  })
  beforeEach(() => {
    for (const told of [octets, isBetween, lab.events, lab.ends]) told.length = 0
    lab.enforcement.apply(generation(allow))
  })
  after(() => lab[Symbol.asyncDispose]())

  test('are told as they pass, under the identity of its beginning, whatever carries them', async () => {
    for (const host of ['10.9.0.2', 'fd09::2'])
      for (const kind of ['tcp', 'udp']) assert.equal(lab.probe(kind, host, '80'), 'ok')
    await eventually(() => octets.length === 4, 'four pieces')
    assert.deepEqual(
      octets.map((each) => [each.transport, each.direction, text(each), each.of, each.sinceNs]),
      lab.events.map((begun) => [begun.ipproto === 6 ? 'tcp' : 'udp', 'client', 'hello', begun.cookie, begun.timeNs]),
    )
  })

  test('are those of each destination of a socket', async () => {
    assert.equal(lab.probe('sendto', '10.9.0.2', '80', '10.9.0.2', '443', '10.9.0.2', '444'), 'ok ok ok')
    await eventually(() => octets.length === 3, 'three pieces')
    assert.deepEqual(
      octets.map(({ sinceNs }) => sinceNs),
      lab.events.map(({ timeNs }) => timeNs),
    )
  })

  test('are no more than four pieces of a connection', async () => {
    const child = lab.start('hold', '10.9.0.2', '80')
    let answers = 0
    child.stdout!.on('data', (data: Buffer) => (answers += data.toString().split('hello').length - 1))
    for (let said = 1; said <= PIECES_SAID; said++) {
      await eventually(() => answers >= said, `answer ${said}`)
      if (said < PIECES_SAID) child.stdin!.write('\n')
    }
    child.stdin!.end()
    await settle()
    assert.equal(octets.length, PIECES_SEEN)
    assert.deepEqual(
      octets.map(({ seq }) => seq - octets[0]!.seq),
      [0, 5, 10, 15],
    )
  })

  test('are told of what is only watched, and not of what is refused', async () => {
    const watches = { ...deny, monitor: true }
    lab.enforcement.apply(generation(when('port', { 1: watches }), { tcp: { 443: 1 } }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '443'), 'ok')
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    await settle()
    assert.deepEqual(
      octets.map(({ of }) => of),
      lab.events.filter(({ port }) => port === 443).map(({ cookie }) => cookie),
    )
    assert.equal(octets.length, 1)
  })

  test('come after the event of their flow and before its end', async () => {
    for (let turn = 0; turn < 10; turn++) assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    await eventually(() => octets.length === 10, 'all pieces')
    assert.deepEqual(
      isBetween,
      Array.from({ length: 10 }, () => true),
    )
  })

  test('are not copied where nobody reads them', async () => {
    await using unwatched = await openLab()
    unwatched.enforcement.apply(generation(allow))
    assert.equal(unwatched.probe('tcp', '10.9.0.2', '80'), 'ok')
    watch(unwatched)
    await settle()
    assert.deepEqual(octets, [])
  })
})
