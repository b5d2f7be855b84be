import assert from 'node:assert/strict'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { findCgroupMount, guardedArgv } from '../src/index.ts'
import { allow, deny, generation, when } from './image-builder.ts'
import { nextLine, openLab, PROBE, skip, type Lab } from './lab.ts'

describe('evasions', { skip }, () => {
  let lab: Lab
  const only = generation(when('address', { 1: allow }), { prefixes: { '10.9.0.2': 1 } })
  before(async () => void (lab = await openLab()))
  after(() => lab?.[Symbol.asyncDispose]())

  test('unconnected UDP is judged for each destination', () => {
    lab.enforcement.apply(only)
    const to = ['10.9.0.2', '80', '10.9.0.3', '80', '10.9.0.2', '80', '10.9.0.3', '80']
    assert.equal(lab.probe('sendto', ...to), 'ok EPERM ok EPERM')
  })

  test('TCP fast open', () => {
    lab.enforcement.apply(only)
    assert.equal(lab.probe('fastopen', '10.9.0.2', '80'), 'ok')
    assert.equal(lab.probe('fastopen', '10.9.0.3', '80'), 'EPERM')
  })

  test('MPTCP', () => {
    lab.enforcement.apply(only)
    assert.equal(lab.probe('mptcp', '10.9.0.2', '80'), 'ok')
    assert.match(lab.probe('briefly', 'mptcp', '10.9.0.3', '80'), /EPERM|timeout/)
  })

  test('raw sockets', () => {
    lab.enforcement.apply(generation(allow))
    assert.equal(lab.probe('raw', '10.9.0.2'), 'EPERM')
  })

  test('ICMP', () => {
    lab.enforcement.apply(generation(when('port', { 1: allow }), { protocols: { 1: 1 } }))
    assert.equal(lab.probe('ping', '10.9.0.2'), 'ok')
    assert.equal(lab.probe('ping', 'fd09::2'), 'ok')
    lab.enforcement.apply(generation(deny))
    assert.match(lab.probe('briefly', 'ping', '10.9.0.2'), /EPERM|timeout/)
    assert.match(lab.probe('briefly', 'ping', 'fd09::2'), /EPERM|timeout/)
  })

  test('marks, source routes, repaired sockets', () => {
    lab.enforcement.apply(generation(allow))
    assert.equal(lab.probe('option', '1', '36', '7'), 'EPERM')
    assert.equal(lab.probe('option', '0', '19', '1'), 'EPERM')
    assert.equal(lab.probe('option', '0', '4', '7'), 'EPERM')
    assert.equal(lab.probe('option', '6', '19', '1'), 'EPERM')
    assert.equal(lab.probe('option', '1', '9', '1'), 'ok')
  })

  test('an accepted connection may answer', async () => {
    lab.enforcement.apply(generation(deny))
    const server = lab.start('accept', '9000')
    assert.equal(await nextLine(server), 'ready')
    const peer = lab.argv([''])[1]!.replace('--net=/run/netns/spc', 'sps')
    const script = 'import socket;s=socket.create_connection(("10.9.0.1",9000),15);print(s.recv(9).decode())'
    const result = spawnSync('ip', ['netns', 'exec', peer, '/usr/bin/python3', '-c', script], { encoding: 'utf8' })
    assert.equal(result.stdout.trim(), 'welcome', result.stderr)
  })

  test('root in the cgroup cannot leave it', () => {
    lab.enforcement.apply(generation(deny))
    assert.equal(lab.probe('leave', join(findCgroupMount(), 'cgroup.procs')), 'EROFS')
  })

  test('root in the cgroup cannot mount its way out', () => {
    const [file, ...args] = lab.argv(['unshare', '--mount', 'true'])
    assert.notEqual(spawnSync(file, args).status, 0)
    const [mount, ...rest] = lab.argv(['mount', '-o', 'remount,rw,bind', findCgroupMount()])
    assert.notEqual(spawnSync(mount, rest).status, 0)
  })

  test('no process outside can be seen, so none can be traced or entered', () => {
    const [file, ...args] = lab.argv(['ls', `/proc/${process.pid}`])
    assert.notEqual(spawnSync(file, args).status, 0)
    const [leave, ...rest] = lab.argv([
      'sh',
      '-c',
      'echo 0 > "$1"',
      'sh',
      `/proc/1/root${findCgroupMount()}/cgroup.procs`,
    ])
    assert.notEqual(spawnSync(leave, rest).status, 0)
  })

  test('the command keeps its exit code', () => {
    const [file, ...args] = lab.argv(['sh', '-c', 'exit 7'])
    assert.equal(spawnSync(file, args).status, 7)
  })

  test('without the right to raw sockets there are no packet sockets', () => {
    const guarded = { cgroupPath: lab.cgroupPath, command: '/usr/bin/python3', args: [PROBE, 'packet'], dropRaw: true }
    const [file, ...args] = guardedArgv(guarded)
    assert.equal(spawnSync(file, args, { encoding: 'utf8' }).stdout.trim(), 'EPERM')
  })

  test('packet sockets, where the kernel lets families be guarded', { skip: false }, (context) => {
    if (!lab.enforcement.familiesGuarded) return context.skip('BPF security programs are not active')
    lab.enforcement.apply(generation(allow))
    assert.equal(lab.probe('packet'), 'EPERM')
  })
})
