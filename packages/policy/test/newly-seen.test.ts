import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDomainName } from '@sallyport/net'
import { asksForNewlySeen, decide, definePolicy, EMPTY_WORLD, policyForNames, type Policy } from '../src/index.ts'

const name = parseDomainName('a.example')!
const policy: Policy = {
  layers: [
    definePolicy({
      sallyport: 1,
      default: 'allow',
      rules: [
        { id: 'no-new', action: 'deny', to: [{ category: 'newly-seen' }], except: { to: ['good.example'] } },
        { id: 'no-new-paste', action: 'deny', to: [{ category: ['newly-seen', 'paste'], domain: '*.example' }] },
        { id: 'only-known', action: 'deny', except: { to: [{ category: 'newly-seen' }] } },
      ],
    }),
  ],
}
const world = { ...EMPTY_WORLD, category: () => ({ domains: [], prefixes: [] }) }

function ruleFor(are: 'new' | 'known', domain: string): string | null {
  const flow = { domain: parseDomainName(domain), boundNames: [parseDomainName(domain)!] }
  return decide(policyForNames(policy, are), flow, world, 0, 'handshake').rule
}

test('for a new name the category holds, and what is taken out of it is not', () => {
  assert.deepEqual(
    ['a.test', 'good.example'].map((domain) => ruleFor('new', domain)),
    ['no-new', 'no-new-paste'],
  )
})

test('for all other names it does not', () => {
  assert.deepEqual(
    ['a.test', 'a.example'].map((domain) => ruleFor('known', domain)),
    ['only-known', 'only-known'],
  )
})

test('a policy without the category is left as it is', () => {
  const plain: Policy = {
    layers: [definePolicy({ sallyport: 1, rules: [{ id: 'a', action: 'allow', to: ['a.example'] }] })],
  }
  assert.deepEqual([asksForNewlySeen(plain), asksForNewlySeen(policy)], [false, true])
  for (const are of ['new', 'known'] as const) assert.deepEqual(policyForNames(plain, are), plain)
  assert.equal(
    decide(policyForNames(plain, 'new'), { domain: name, boundNames: [name] }, world, 0, 'handshake').rule,
    'a',
  )
})
