import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import { handshakeFacts } from '@sallyport/inspect'
import type { PacketFacts } from '@sallyport/kernel'
import { parseDomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import { BoundNames } from '../src/run/bound-names.ts'
import { PacketJudge } from '../src/run/packet-judge.ts'
import { RuleAllowances } from '../src/run/rule-allowances.ts'
import { ruleLimits } from '../src/run/rule-limits.ts'

type Rules = Parameters<typeof definePolicy>[0]['rules']

/** A judge, and what it has told. */
function judgeOf(rules: Rules) {
  const policy = { layers: [definePolicy({ sallyport: 1, mode: 'enforce', rules })] }
  const told: string[] = []
  const limits = ruleLimits(policy)
  const judge = new PacketJudge({
    compiled: compilePolicy(policy, EMPTY_WORLD, { atMs: Date.now() }),
    world: EMPTY_WORLD,
    names: new BoundNames(() => 0),
    limits,
    allowances: new RuleAllowances(limits, () => 0),
    user: null,
    hashes: null,
    onFlow: ({ verdict }) => told.push(`${verdict!.verdict} ${verdict!.reason} ${verdict!.stage}`),
  })
  return { judge, told }
}

const packet = (more: Partial<PacketFacts> = {}): PacketFacts => ({
  transport: 6,
  src: Uint8Array.of(10, 0, 0, 1),
  dst: Uint8Array.of(192, 0, 2, 1),
  srcPort: 4000,
  dstPort: 443,
  pid: 7,
  exe: '/bin/tool',
  comm: 'tool',
  socket: '1',
  uid: 1000,
  syn: null,
  ...more,
})
const ANYWHERE: Rules = [{ id: 'all', action: 'allow', to: ['192.0.2.0/24'] }]
const [ALLOWED, DENIED] = ['allow rule connect', 'deny default connect']

test('a connection is told once, and another between the same ports again', async () => {
  const { judge, told } = judgeOf(ANYWHERE)
  for (const syn of [1, 1, null, 2]) assert.equal(await judge.decide(packet({ syn })), 'allow')
  assert.deepEqual(told, [ALLOWED, ALLOWED])
})

test('datagrams of one socket are told once, those of another again, and who has closed it was the last that had it', async () => {
  const { judge, told } = judgeOf(ANYWHERE)
  for (const socket of ['1', '1', null, '2']) await judge.decide(packet({ transport: 17, socket }))
  assert.deepEqual(told, [ALLOWED, ALLOWED])
})

test('what is refused is told each time that it begins, and once where it ends what has begun', async () => {
  const { judge, told } = judgeOf([{ id: 'other', action: 'allow', to: ['198.51.100.1'] }])
  for (const syn of [1, 2, null, null]) assert.equal(await judge.decide(packet({ syn })), 'reject')
  assert.deepEqual(told, [DENIED, DENIED])
})

test('datagrams that are refused are told once', async () => {
  const { judge, told } = judgeOf([{ id: 'few', action: 'allow', to: ['192.0.2.1'], limit: { connections: '1' } }])
  await judge.decide(packet({ transport: 17, socket: '1' }))
  for (const socket of ['2', '2', null]) assert.equal(await judge.decide(packet({ transport: 17, socket })), 'reject')
  assert.deepEqual(told, [ALLOWED, 'deny limit-connections connect'])
})

test('where a protocol decides, nothing is told before it is known', async () => {
  const { judge, told } = judgeOf([{ id: 'tls', action: 'allow', to: ['192.0.2.1'], protocol: ['tls'] }])
  const decided = await judge.decide(packet({ syn: 1 }))
  assert.ok(typeof decided !== 'string' && 'awaits' in decided)
  assert.deepEqual(told, [])
  const facts = { ...handshakeFacts(null), protocol: 'tls' as const, domain: parseDomainName('a.example') }
  judge.judged(decided.awaits, facts, judge.judge(decided.awaits, facts))
  assert.deepEqual(told, ['allow rule handshake'])
  assert.equal(judge.judge(decided.awaits, handshakeFacts(null)).verdict, 'deny')
  assert.equal(judge.judge(decided.awaits, { ...facts, problem: 'conflicting-octets' }).verdict, 'deny')
})

test('a flow under a limit is counted as one that begins, once, and refused where too many have', async () => {
  const { judge, told } = judgeOf([
    { id: 'few', action: 'allow', to: ['192.0.2.1'], limit: { connections: '1', bytesOut: '1MB' } },
  ])
  const first = await judge.decide(packet({ syn: 1 }))
  assert.ok(typeof first !== 'string' && 'counts' in first)
  assert.ok(typeof (await judge.decide(packet({ syn: null }))) !== 'string')
  assert.equal(await judge.decide(packet({ syn: 2 })), 'reject')
  judge.over(first.counts.facts, 'bytesOut')
  const refused = ['deny limit-connections connect', 'deny limit-bytes-out connect']
  assert.deepEqual(told, [ALLOWED, ...refused])
})
