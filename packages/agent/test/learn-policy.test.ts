import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, type DomainName } from '@sallyport/net'
import { decide, EMPTY_WORLD, type Flow, type Policy } from '@sallyport/policy'
import { learnPolicy } from '../src/run/learn-policy.ts'

const verdict = {
  verdict: 'allow',
  rule: null,
  layer: 'p',
  mode: 'monitor',
  stage: 'connect',
  reason: 'default',
  explain: '',
} as const
const group = (destination: string, port: string): Parameters<typeof learnPolicy>[0][number] => {
  return { destination, port, verdict, count: 1, apps: [], addresses: [], bytesOut: 0, bytesIn: 0 }
}
const facts = (name: string | null, address: string, port: number): Flow => {
  const boundNames = name === null ? null : [name as DomainName]
  return { dst: parseAddress(address), port, transport: 'tcp', domain: null, boundNames, protocol: null }
}

test('what was seen is allowed, and nothing beside it', () => {
  const learned = learnPolicy(
    [
      group('a.example', 'tcp/443'),
      group('b.example', 'tcp/443'),
      group('192.0.2.7', 'tcp/22'),
      group('c.example', 'name'),
    ],
    'learned',
  )
  assert.deepEqual(
    learned.rules.map(({ id }) => id),
    ['learned-tcp-22', 'learned-tcp-443'],
  )
  const policy: Policy = { layers: [learned] }
  const says = (flow: Flow): string => decide(policy, flow, EMPTY_WORLD, 0).verdict
  assert.equal(says(facts('a.example', '203.0.113.1', 443)), 'allow')
  assert.equal(says(facts('b.example', '203.0.113.1', 443)), 'allow')
  assert.equal(says(facts(null, '192.0.2.7', 22)), 'allow')
  assert.equal(says(facts('a.example', '203.0.113.1', 80)), 'deny')
  assert.equal(says(facts('c.example', '203.0.113.1', 443)), 'deny')
  assert.equal(says(facts(null, '203.0.113.1', 443)), 'deny')
})

test('a run that reached nothing needs nothing', () => {
  assert.deepEqual(learnPolicy([], 'learned').rules, [])
})
