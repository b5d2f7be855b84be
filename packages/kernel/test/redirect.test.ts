import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { spawn } from 'node:child_process'
import { guardedArgv, openEnforcement } from '../src/index.ts'
import { allow, deny, generation } from './image-builder.ts'
import { nextLine, openLab, PROBE, settle, skip, type Lab } from './lab.ts'

describe('DNS goes to the resolver', { skip }, () => {
  let lab: Lab
  before(async () => {
    lab = await openLab({ resolver: { v4: '127.0.0.1', v6: '::1', port: 5353 } })
    lab.enforcement.apply(generation(deny))
  })
  after(() => lab?.[Symbol.asyncDispose]())

  test('connected UDP', () => {
    assert.equal(lab.probe('udp', '10.9.0.2', '53'), 'ok')
    assert.equal(lab.probe('udp', 'fd09::2', '53'), 'ok')
    assert.equal(lab.probe('udp', '127.0.0.53', '53'), 'ok')
  })

  test('unconnected UDP: the answer seems to come from the server that was asked', () => {
    assert.equal(lab.probe('sendto', '10.9.0.2', '53'), 'ok')
    assert.equal(lab.probe('sendto', 'fd09::2', '53'), 'ok')
    assert.equal(lab.probe('sendto', '127.0.0.53', '53', '127.0.0.54', '53'), 'ok ok')
  })

  test('TCP, with the name of the server that was asked', () => {
    assert.equal(lab.probe('tcpname', '10.9.0.2', '53'), 'hello 10.9.0.2 53')
    assert.equal(lab.probe('tcpname', 'fd09::2', '53'), 'hello fd09::2 53')
    assert.equal(lab.probe('tcpname', '::ffff:10.9.0.2', '53'), 'hello ::ffff:10.9.0.2 53')
  })

  test('nothing else', () => {
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    assert.ok(lab.enforcement.counters().redirected >= 8)
  })

  test('the resolver itself is let through, and only by its own process', async () => {
    const { cgroupPath } = lab
    const command = { command: '/usr/bin/python3', args: [PROBE, 'later', 'tcp', '10.9.0.2', '80'], isolate: false }
    const [file, ...args] = [lab.argv([''])[0], lab.argv([''])[1]!, ...guardedArgv({ cgroupPath, ...command })]
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const line = nextLine(child)
    await using second = await openEnforcement({ cgroupPath, resolverTgid: child.pid! })
    await lab.enforcement[Symbol.asyncDispose]()
    second.apply(generation(deny))
    child.stdin.write('\n')
    assert.equal(await line, 'ok')
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
  })
})

describe("DNS of another network than the resolver's", { skip }, () => {
  let lab: Lab
  before(async () => {
    lab = await openLab({ resolver: { v4: '127.0.0.1', v6: '::1', port: 5353 }, ownNetworkOnly: true })
  })
  after(() => lab?.[Symbol.asyncDispose]())

  test('is a flow like any other: refused or let out as the policy says, never turned', async () => {
    lab.enforcement.apply(generation(deny))
    for (const kind of ['udp', 'tcpname']) assert.equal(lab.probe(kind, '10.9.0.2', '53'), 'EPERM')
    lab.enforcement.apply(generation(allow))
    lab.probe('briefly', 'sendto', '10.9.0.2', '53')
    assert.notEqual(lab.probe('briefly', 'tcpname', '10.9.0.2', '53'), 'EPERM')
    await settle()
    assert.deepEqual(
      lab.events.map(({ verdict, port, ipproto, hook }) => [verdict, port, ipproto, hook]),
      [
        ['deny', 53, 17, 'connect'],
        ['deny', 53, 6, 'connect'],
        ['allow', 53, 17, 'sendmsg'],
        ['allow', 53, 6, 'connect'],
      ],
    )
    assert.equal(lab.enforcement.counters().redirected, 0)
  })
})
