import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowRecord } from '@sallyport/flow'
import type { Hook, KernelEvent } from '@sallyport/kernel'
import { parseDomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD, REASONS } from '@sallyport/policy'
import { parseStoredFlow } from '@sallyport/store'
import { flowOfEvent } from '../src/run/flow-of-event.ts'
import { flowOfLookUp } from '../src/run/recorded-look-up.ts'

const policy = { layers: [definePolicy({ sallyport: 1, rules: [] })] }
const HOOKS: readonly Hook[] = ['connect', 'sendmsg', 'create', 'egress', 'setsockopt']

const isStored = (record: FlowRecord): void => {
  const parsed = parseStoredFlow(JSON.stringify(record))
  assert.ok(!('problem' in parsed), JSON.stringify(parsed))
}

test('what the kernel refused at any hook, whatever the protocol, is a record that the store takes', () => {
  for (const hook of HOOKS)
    for (const ipproto of [0, 1, 6, 17, 47, 58, 132, 255]) isStored(flowOfEvent(refusedAt(hook, ipproto), context()))
})

test('of what nobody is known to have sent, no application is recorded', () => {
  const executables = { find: () => null } as unknown as Parameters<typeof flowOfEvent>[1]['executables']
  const appOf = (comm: string) => flowOfEvent({ ...refusedAt('egress', 1), comm }, { ...context(), executables }).app
  assert.deepEqual([appOf('curl'), appOf('')], ['curl', undefined])
})

test('a look-up that was refused for any reason is a record that the store takes', () => {
  const record = {
    time: new Date(0),
    client: { address: '127.0.0.1', port: 53_000 },
    name: parseDomainName('a.example'),
    transport: 'udp',
  }
  for (const reason of REASONS) {
    const verdict = { verdict: 'deny', rule: null, layer: 'x', mode: 'enforce', reason, explain: '' } as const
    isStored(flowOfLookUp(record as Parameters<typeof flowOfLookUp>[0], verdict))
  }
})

function context(): Parameters<typeof flowOfEvent>[1] {
  return {
    policy,
    world: EMPTY_WORLD,
    host: { users: [], units: [] } as unknown as Parameters<typeof flowOfEvent>[1]['host'],
    executables: { find: () => '/usr/bin/x' } as unknown as Parameters<typeof flowOfEvent>[1]['executables'],
    namesOf: () => [],
    clock: { nowMs: Date.parse('2026-10-01T00:00:00Z'), bootNs: 10n ** 12n },
  }
}

function refusedAt(hook: Hook, ipproto: number): KernelEvent {
  return {
    timeNs: 10n ** 12n,
    pid: 2,
    tgid: 2,
    uid: 0,
    verdict: 'deny',
    mode: 'enforce',
    how: 'reject',
    hook,
    family: 2,
    ipproto,
    port: 0,
    addr: new Uint8Array(16),
    ruleIndex: null,
    limit: null,
    generation: 1,
    cgroup: 1n,
    exeDev: 1n,
    exeIno: 1n,
    comm: 'x',
    nameClass: null,
    cookie: 0n,
    parentTgid: 0,
  }
}
