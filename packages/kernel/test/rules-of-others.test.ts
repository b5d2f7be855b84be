import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainsOfOthers } from '../src/gateway/rules-of-others.ts'

const FORWARD = { family: 'ip', table: 'filter', name: 'FORWARD', type: 'filter', hook: 'forward', policy: 'accept' }
const inChain = (chain: object, expr: readonly object[] = [{ counter: {} }]): object => ({
  rule: { ...chain, chain: (chain as { name: string }).name, expr },
})
const found = (...nftables: readonly object[]): readonly string[] => chainsOfOthers(JSON.stringify({ nftables }))

test('a chain that sees forwarded packets is somebody’s when it has a rule, or drops by itself', () => {
  assert.deepEqual(found({ metainfo: { version: '1.0.6' } }, { chain: FORWARD }), [])
  assert.deepEqual(found({ chain: FORWARD }, inChain(FORWARD)), ['ip filter FORWARD'])
  assert.deepEqual(found({ chain: { ...FORWARD, policy: 'drop' } }), ['ip filter FORWARD'])
})

test('chains that see other packets, or only the first of a connection, are nobody’s business', () => {
  const others = [
    { ...FORWARD, hook: 'input' },
    { ...FORWARD, hook: 'postrouting', type: 'nat' },
    { ...FORWARD, hook: undefined },
  ]
  for (const chain of others) assert.deepEqual(found({ chain }, inChain(chain)), [])
})

test('what gateways of Sallyport have there is not of others', () => {
  const own = { ...FORWARD, family: 'inet', table: 'sallyport-lan1', name: 'forward' }
  const held = inChain(FORWARD, [{ jump: { target: 'SALLYPORT-gateway-3' } }])
  assert.deepEqual(found({ chain: own }, inChain(own), { chain: FORWARD }, held), [])
  assert.deepEqual(found({ chain: FORWARD }, held, inChain(FORWARD)), ['ip filter FORWARD'])
})
