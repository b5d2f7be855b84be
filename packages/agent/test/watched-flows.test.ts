import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { handshakeFacts } from '@sallyport/inspect'
import { parseDomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import { WatchedFlows } from '../src/inspect/watched-flows.ts'
import { withFirstOctets } from '../src/inspect/with-first-octets.ts'
import { BegunFlows } from '../src/run/begun-flows.ts'
import { randomSeed } from '../src/run/random-seed.ts'

const CARRIED = { bytesOut: 1, bytesIn: 1, packetsOut: 1, packetsIn: 1, durationMs: 1 }
const SSH = 'SSH-2.0-OpenSSH_9.2\r\n'

const record = (id: string, verdict: Partial<RecordedVerdict> = {}): FlowRecord => ({
  time: '2026-10-01T00:00:00.000Z',
  user: 'root',
  groups: [],
  app: '/usr/bin/x',
  dst: '198.51.100.7',
  port: 443,
  transport: 'tcp',
  boundNames: ['a.example'],
  domain: null,
  protocol: null,
  id,
  verdict: {
    verdict: 'deny',
    rule: null,
    layer: 'p',
    mode: 'monitor',
    stage: 'connect',
    reason: 'default',
    explain: '',
    ...verdict,
  },
})

class Watch implements Disposable {
  nowMs = 0
  readonly told: FlowRecord[] = []
  readonly begun: BegunFlows = new BegunFlows()
  readonly flows: WatchedFlows = new WatchedFlows({
    begun: this.begun,
    onFlow: (flow) => this.told.push(flow),
    nowMs: () => this.nowMs,
  })

  begin(id: string): void {
    this.flows.begin(id, { of: 'x', record: record(id), seen: (told, facts) => withFirstOctets(told, facts, null) })
  }

  says(id: string, text: string, direction: 'client' | 'server' = 'client', seq = 1): void {
    this.flows.see(id, { transport: 'tcp', direction, seq, bytes: Buffer.from(text) })
  }

  get protocols(): readonly (readonly [string | undefined, string | null | undefined])[] {
    return this.told.map(({ id, protocol }) => [id, protocol])
  }

  [Symbol.dispose](): void {
    this.flows[Symbol.dispose]()
  }
}

suite('a flow that is looked at while it goes on', () => {
  test('is recorded once, when it has said what it is, and its end says the same', () => {
    using watch = new Watch()
    watch.begin('a')
    assert.deepEqual(watch.protocols, [])
    watch.says('a', SSH)
    watch.says('a', 'more', 'client', 1 + SSH.length)
    assert.deepEqual(watch.protocols, [['a', 'ssh']])
    watch.flows.end('a')
    assert.equal(watch.begun.end('a', CARRIED)?.protocol, 'ssh')
    assert.equal(watch.told.length, 1)
  })

  test('that ends is recorded as what it is likely to be, by what its server said too', () => {
    using watch = new Watch()
    watch.begin('a')
    watch.begin('b')
    watch.says('a', SSH, 'server')
    watch.flows.end('a')
    watch.flows.end('b')
    assert.deepEqual(watch.protocols, [
      ['a', 'ssh'],
      ['b', null],
    ])
  })

  test('that is silent is recorded all the same, and what it says later is in its end', () => {
    using watch = new Watch()
    watch.begin('a')
    watch.nowMs = 3000
    watch.flows.expire()
    assert.deepEqual(watch.protocols, [['a', null]])
    watch.says('a', SSH)
    watch.flows.end('a')
    assert.equal(watch.begun.end('a', CARRIED)?.protocol, 'ssh')
    assert.equal(watch.told.length, 1)
  })

  test('is not held back by others, however many there are, and that is counted', () => {
    using watch = new Watch()
    for (let index = 0; index < 8200; index++) watch.begin(String(index))
    assert.equal(watch.told.length, 8)
    assert.equal(watch.flows.counters().full, 8)
    watch.flows.flush()
    assert.equal(watch.told.length, 8200)
  })

  test('is recorded before what else is told of its socket', () => {
    using watch = new Watch()
    watch.begin('a')
    watch.flows.tellFirst('y')
    assert.deepEqual(watch.protocols, [])
    watch.flows.tellFirst('x')
    assert.deepEqual(watch.protocols, [['a', null]])
  })

  test('that nobody knows is not looked at', () => {
    using watch = new Watch()
    watch.says('a', SSH)
    assert.deepEqual(watch.told, [])
  })
})

suite('what first octets make of a record', () => {
  const rules = (mode: 'enforce' | 'monitor'): ReturnType<ReturnType<typeof compilePolicy>['at']> => {
    const layer = definePolicy({
      sallyport: 1,
      name: 'p',
      mode,
      rules: [
        { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
        { id: 'named', action: 'allow', to: ['a.example'] },
      ],
    })
    return compilePolicy({ layers: [layer] }, EMPTY_WORLD, { atMs: 0, seed: randomSeed() }).at(0)
  }
  const tls = (name: string) => ({ ...handshakeFacts(null), protocol: 'tls' as const, domain: parseDomainName(name) })
  const ruleOf = ({ verdict }: FlowRecord): readonly unknown[] => [verdict.verdict, verdict.rule, verdict.mode]

  test('is what a policy that only watches would have done: the name counts when the address was an answer for it', () => {
    const seen = (name: string): readonly unknown[] => ruleOf(withFirstOctets(record('a'), tls(name), rules('monitor')))
    assert.deepEqual(seen('a.example'), ['allow', 'named', 'monitor'])
    assert.deepEqual(seen('b.example'), ['deny', null, 'monitor'])
    const ssh = { ...handshakeFacts(null), protocol: 'ssh' as const }
    assert.deepEqual(ruleOf(withFirstOctets(record('a'), ssh, rules('monitor'))), ['deny', 'no-ssh', 'monitor'])
  })

  test('is never another verdict than the one that was enforced', () => {
    const enforced = record('a', { verdict: 'allow', rule: 'net', mode: 'enforce' })
    const seen = withFirstOctets(enforced, tls('b.example'), rules('monitor'))
    assert.deepEqual([seen.domain, ...ruleOf(seen)], ['b.example', 'allow', 'net', 'enforce'])
    assert.deepEqual(ruleOf(withFirstOctets(record('a'), tls('b.example'), rules('enforce'))), [
      'deny',
      null,
      'monitor',
    ])
  })

  test('is no refusal for want of octets that found no room', () => {
    const facts = { ...tls('a.example'), domain: null, problem: 'incomplete-handshake' as const }
    const allowed = record('a', { verdict: 'allow', rule: 'named' })
    assert.deepEqual(ruleOf(withFirstOctets(allowed, facts, rules('monitor'))), ['allow', 'named', 'monitor'])
  })
})
