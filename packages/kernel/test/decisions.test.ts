import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressBytes, cgroupId } from '../src/index.ts'
import { allow, deny, generation, when } from './image-builder.ts'
import { openLab, settle, skip, type Lab } from './lab.ts'

const one = (address: string): Record<string, number> => ({ [address]: 1 })

describe('decisions', { skip }, () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab?.[Symbol.asyncDispose]())

  test('by port', () => {
    lab.enforcement.apply(generation(when('port', { 1: allow }), { tcp: { 443: 1 } }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '443'), 'ok')
    assert.equal(lab.probe('tcp', '10.9.0.2', '444'), 'EPERM')
    assert.equal(lab.probe('tcp', 'fd09::2', '443'), 'ok')
    assert.equal(lab.probe('tcp', 'fd09::2', '444'), 'EPERM')
    assert.equal(lab.probe('udp', '10.9.0.2', '443'), 'EPERM')
  })

  test('by address, however it is written', () => {
    lab.enforcement.apply(generation(when('address', { 1: allow }), { prefixes: one('10.9.0.2') }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    assert.equal(lab.probe('tcp', '10.9.0.3', '80'), 'EPERM')
    assert.equal(lab.probe('tcp', '::ffff:10.9.0.2', '80'), 'ok')
    assert.equal(lab.probe('tcp', '::ffff:10.9.0.3', '80'), 'EPERM')
    assert.equal(lab.probe('tcp', '64:ff9b::10.9.0.2', '80'), 'ok')
    assert.equal(lab.probe('tcp', '64:ff9b::10.9.0.3', '80'), 'EPERM')
    assert.equal(lab.probe('sendto', '::ffff:10.9.0.3', '80'), 'EPERM')
  })

  test('loopback is always open', () => {
    lab.enforcement.apply(generation(deny))
    assert.equal(lab.probe('tcp', '127.0.0.1', '8080'), 'ok')
    assert.equal(lab.probe('tcp', '::1', '8080'), 'ok')
  })

  test('an image without sense denies', () => {
    const broken = generation(allow)
    broken.image[1] = 999_999
    lab.enforcement.apply(broken)
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    assert.ok(lab.enforcement.counters().walkErrors > 0)
  })

  test('by user', () => {
    lab.enforcement.apply(generation(when('user', { 1: allow }), {}, { users: new Map([[12345, 1]]) }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    assert.equal(lab.probe('as_uid', '12345', 'tcp', '10.9.0.2', '80'), 'ok')
  })

  test('by executable: a copy is another one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kernel-'))
    try {
      const copy = join(folder, 'python3')
      copyFileSync('/usr/bin/python3', copy)
      const { dev, ino } = statSync('/usr/bin/python3', { bigint: true })
      lab.enforcement.apply(generation(when('app', { 1: allow }), {}, { apps: [{ dev, ino, class: 1 }] }))
      assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
      const script = 'import socket;socket.create_connection(("10.9.0.2",80),15)'
      const [file, ...args] = lab.argv([copy, '-c', script])
      assert.match(spawnSync(file, args, { encoding: 'utf8' }).stderr, /PermissionError/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('by cgroup', () => {
    const units = [{ cgroupId: cgroupId(lab.cgroupPath), class: 1 }]
    lab.enforcement.apply(generation(when('unit', { 1: allow }), {}, { units }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    lab.enforcement.apply(generation(when('unit', { 1: allow }), {}, { units: [{ cgroupId: 1n, class: 1 }] }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok', 'an ancestor counts')
    lab.enforcement.apply(generation(when('unit', { 1: allow })))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
  })

  test('by name, for as long as the answer lives', async () => {
    const hashed = { ...when('name', { 7: allow, 70_000: allow }), hashed: true }
    lab.enforcement.apply(generation(when('address', {}, hashed)))
    const address = addressBytes('10.9.0.2')
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    lab.enforcement.bind([{ address, names: [{ class: 3, ttlSeconds: 60 }] }])
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    // A busy machine may begin when the time of a short answer is over.
    for (let ttlSeconds = 1, inTime = false; !inTime; ttlSeconds *= 2) {
      lab.enforcement.bind([{ address, names: [{ class: 70_000, ttlSeconds }] }])
      const boundMs = performance.now()
      const said = [lab.probe('tcp', '10.9.0.2', '80'), lab.probe('tcp', '10.9.0.3', '80')]
      const leftMs = boundMs + ttlSeconds * 1000 - performance.now()
      inTime = leftMs > 0
      if (inTime) assert.deepEqual(said, ['ok', 'EPERM'])
      await sleep(Math.max(0, leftMs) + 100)
    }
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    lab.enforcement.bind([{ address, names: [{ class: 7, ttlSeconds: 60 }] }])
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    lab.enforcement.unbind([address])
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
  })

  test('the earliest rule wins among several names', () => {
    const names = when('name', { 1: { leaf: 'allow', rank: 5 }, 2: { leaf: 'deny', rank: 3 } })
    lab.enforcement.apply(generation(names))
    const address = addressBytes('10.9.0.2')
    lab.enforcement.bind([{ address, names: [{ class: 1, ttlSeconds: 60 }] }])
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    lab.enforcement.bind([{ address, names: [{ class: 2, ttlSeconds: 60 }] }])
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
  })

  test('undetermined fails closed; monitor mode lets through and says so', async () => {
    lab.enforcement.apply(generation({ leaf: 'undetermined' }))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    lab.enforcement.apply(generation({ leaf: 'deny', monitor: true }))
    await settle()
    lab.events.length = 0
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    await settle()
    const event = lab.events.find((each) => each.port === 80)
    assert.equal(event?.verdict, 'deny')
    assert.equal(event?.mode, 'monitor')
  })

  test('drop is silent', () => {
    lab.enforcement.apply(generation({ leaf: 'deny', drop: true }))
    assert.equal(lab.probe('briefly', 'tcp', '10.9.0.2', '80'), 'timeout')
  })

  test('an event names the process', async () => {
    lab.enforcement.apply(generation(deny))
    await settle()
    lab.events.length = 0
    lab.probe('tcp', '10.9.0.2', '80')
    await settle()
    const event = lab.events[0]
    const { dev, ino } = statSync('/usr/bin/python3', { bigint: true })
    assert.equal(event?.comm, 'python3')
    assert.deepEqual([event?.exeDev, event?.exeIno], [dev, ino])
    assert.deepEqual([event?.hook, event?.verdict, event?.ipproto, event?.uid], ['connect', 'deny', 6, 0])
    assert.deepEqual(event?.addr, addressBytes('10.9.0.2'))
    assert.equal(event?.cgroup, cgroupId(lab.cgroupPath))
  })
})
