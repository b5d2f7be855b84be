import assert from 'node:assert/strict'
import { globSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openEnforcement, PIN_ROOT, type EndedFlow } from '../src/index.ts'
import { eventually } from './eventually.ts'
import { allow, deny, generation, when } from './image-builder.ts'
import { openLab, settle, skip, type Lab } from './lab.ts'

const HELLO = 5

/** The last packet of a connection may come after its command has ended. */
async function endsOf(lab: Lab, count: number): Promise<readonly EndedFlow[]> {
  await eventually(() => lab.ends.length >= count, `${count} ends`)
  return lab.ends
}

describe('the end of a flow', { skip }, () => {
  test('a TCP connection tells what it carried, under the identity of its beginning', async () => {
    await using lab = await openLab()
    lab.enforcement.apply(generation(allow))
    for (const host of ['10.9.0.2', 'fd09::2']) assert.equal(lab.probe('tcp', host, '80'), 'ok')
    const ends = await endsOf(lab, 2)
    assert.equal(ends.length, 2)
    for (const [index, { flow, bytesOut, bytesIn, packetsOut, endNs }] of ends.entries()) {
      const begin = lab.events[index]!
      assert.deepEqual(
        [flow.cookie, flow.timeNs, flow.tgid, flow.port, flow.exeIno, flow.verdict, flow.parentTgid],
        [begin.cookie, begin.timeNs, begin.tgid, 80, begin.exeIno, 'allow', begin.parentTgid],
      )
      assert.equal(bytesOut, HELLO)
      // The end of the stream takes a number as an octet does.
      assert.ok(bytesIn === HELLO || bytesIn === HELLO + 1, `${bytesIn}`)
      assert.ok(packetsOut >= 3)
      assert.ok(endNs > flow.timeNs)
    }
  })

  test('a TCP connection whose last state nobody saw is told when its socket goes', async () => {
    const pinPath = join(PIN_ROOT, `test-ends-${process.pid}`)
    await using lab = await openLab({ pinPath, keep: true })
    lab.enforcement.apply(generation(allow))
    await lab.enforcement[Symbol.asyncDispose]()
    for (const link of globSync(`${pinPath}/*/link-tcp_end`)) unlinkSync(link)
    await using enforcement = await openEnforcement({ cgroupPath: lab.cgroupPath, pinPath })
    const ends: EndedFlow[] = []
    enforcement.ends((ended) => ends.push(ended))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    await eventually(() => ends.length === 1, 'one end')
    assert.equal(ends[0]!.bytesOut, HELLO)
  })

  test('datagrams count by destination: another one, or the end of the socket, ends a flow', async () => {
    await using lab = await openLab()
    lab.enforcement.apply(generation(allow))
    assert.equal(lab.probe('sendto', '10.9.0.2', '80', '10.9.0.2', '443', '10.9.0.2', '444'), 'ok ok ok')
    assert.equal(lab.probe('udp', 'fd09::2', '80'), 'ok')
    const ends = await endsOf(lab, 4)
    assert.deepEqual(
      ends.map(({ flow, bytesOut, bytesIn, packetsOut, packetsIn }) => [
        flow.port,
        bytesOut,
        bytesIn,
        packetsOut,
        packetsIn,
      ]),
      [80, 443, 444, 80].map((port) => [port, HELLO, HELLO, 1, 1]),
    )
    const [first, second, third] = ends
    assert.equal(first!.flow.cookie, third!.flow.cookie)
    assert.equal(new Set([first, second, third].map((end) => end!.flow.timeNs)).size, 3, 'each its own beginning')
  })

  test('what was denied, and a socket that sent nothing, have no end; a connection that failed has one of nothing', async () => {
    await using lab = await openLab()
    lab.enforcement.apply(generation(when('port', { 1: deny, 2: allow }), { tcp: { 443: 1, 81: 2 }, udp: { 443: 1 } }))
    lab.probe('tcp', '10.9.0.2', '443')
    lab.probe('udp', '10.9.0.2', '443')
    lab.probe('tcp', '10.9.0.2', '81')
    const ends = await endsOf(lab, 1)
    await settle()
    assert.deepEqual(
      ends.map(({ flow, bytesOut, bytesIn }) => [flow.port, bytesOut, bytesIn]),
      [[81, 0, 0]],
    )
  })

  test('a process above the one that connects is named', async () => {
    await using lab = await openLab()
    lab.enforcement.apply(generation(allow))
    lab.probe('tcp', '10.9.0.2', '80')
    await endsOf(lab, 1)
    assert.ok(lab.events[0]!.parentTgid > 0)
    assert.equal(lab.enforcement.counters().endsLost, 0)
  })
})
