import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrefix, parseDomainPattern, parsePrefix, type Prefix } from '@sallyport/net'
import { decide, PLAIN_RULE, type DestinationTerm, type Policy, type Rule, type SubjectTerm } from '@sallyport/policy'
import { diffPolicies } from '../../src/index.ts'
import { WORLD } from '../generate-policy.ts'
import { NOW } from './total-flows.ts'

const position = { file: 'case', line: 1, column: 1 }
const rule = (id: string, action: Rule['action'], more: Partial<Rule> = {}): Rule => ({
  ...PLAIN_RULE,
  position,
  id,
  action,
  ...more,
})
const policy = (...rules: readonly Rule[]): Policy => ({
  layers: [{ name: 'case', mode: 'enforce', default: 'deny', rules, tests: [], file: 'case' }],
})
const domain = (...texts: readonly string[]): readonly DestinationTerm[] => [
  { domain: texts.map((text) => parseDomainPattern(text)!) },
]
const from = (term: SubjectTerm): Partial<Rule> => ({ from: [term] })
const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  if (!isPrefix(parsed)) throw new Error(text)
  return parsed
}

/** At least one region, and each witness is really decided differently. */
function differs(before: Policy, after: Policy): void {
  const regions = diffPolicies(before, after, WORLD, NOW)
  assert.notEqual(regions.length, 0)
  for (const { witness } of regions) {
    const [a, b] = [decide(before, witness, WORLD, NOW), decide(after, witness, WORLD, NOW)]
    assert.notDeepEqual([a.verdict, a.mode], [b.verdict, b.mode], JSON.stringify(witness))
  }
}

test('two rules that only meet where one address has both names', () => {
  const [a, b] = [rule('a', 'allow', { to: domain('a.example') }), rule('b', 'deny', { to: domain('b.example') })]
  differs(policy(a, b), policy(b, a))
})

test('two names among thousands that only meet at one address', () => {
  const many = Array.from({ length: 300 }, (_, at) =>
    rule(`r${at}`, 'allow', {
      to: domain(`n${at}.example`),
      ports: [{ transports: ['tcp'], first: at + 1, last: at + 1 }],
    }),
  )
  const [a, b] = [rule('a', 'allow', { to: domain('a.example') }), rule('b', 'deny', { to: domain('b.example') })]
  differs(policy(...many, a, b), policy(...many, b, a))
})

test('two groups out of a dozen, in the one order and in the other', () => {
  const others = Array.from({ length: 12 }, (_, at) =>
    rule(`r${at}`, 'allow', {
      ...from({ group: [`g${at}`] }),
      ports: [{ transports: ['tcp'], first: at + 1, last: at + 1 }],
    }),
  )
  const [a, b] = [rule('a', 'allow', from({ group: ['dev'] })), rule('b', 'deny', from({ group: ['guest'] }))]
  differs(policy(...others, a, b), policy(...others, b, a))
})

test('a path that two globs match, and neither spells', () => {
  const app = (glob: string): Partial<Rule> => from({ app: [{ kind: 'path', glob }] })
  const [a, b] = [rule('a', 'allow', app('/usr/*/curl')), rule('b', 'deny', app('/*/bin/c*'))]
  differs(policy(a, b), policy(b, a))
})

test('a request path that two globs match', () => {
  const [a, b] = [rule('a', 'allow', { http: { path: ['/a/*'] } }), rule('b', 'deny', { http: { path: ['/*/b'] } })]
  differs(policy(a, b), policy(b, a))
})

test('a posture between two limits', () => {
  const posture = (fact: string, limit: number): Partial<Rule> =>
    from({ posture: [[{ kind: 'at-most', fact, limit }]] })
  differs(policy(rule('a', 'allow', posture('days', 30))), policy(rule('a', 'allow', posture('days', 7))))
})

test('a version that is newer than one and older than the other', () => {
  const version = (text: string): Partial<Rule> =>
    from({ posture: [[{ kind: 'version-at-least', fact: 'osVersion', version: text }]] })
  differs(policy(rule('a', 'allow', version('12'))), policy(rule('a', 'allow', version('14.2'))))
})

test('a source network inside another', () => {
  const network = (...texts: readonly string[]): Partial<Rule> => from({ network: texts.map(prefix) })
  differs(policy(rule('a', 'allow', network('10.0.0.0/8'))), policy(rule('a', 'allow', network('10.0.0.0/9'))))
})

test('mode alone', () => {
  differs(
    policy(rule('a', 'deny', { to: domain('a.example') })),
    policy(rule('a', 'deny', { to: domain('a.example'), mode: 'monitor' })),
  )
})

test('a range that begins in loopback and goes on behind it', () => {
  const to = (...texts: readonly string[]): Partial<Rule> => ({ to: [{ ip: texts.map(prefix) }] })
  differs(policy(rule('a', 'allow', to('126.0.0.0/7'))), policy())
  differs(policy(rule('a', 'allow', to('127.128.0.0/9', '128.0.0.0/8'))), policy())
  assert.deepEqual(diffPolicies(policy(rule('a', 'allow', to('127.0.0.0/8'))), policy(), WORLD, NOW), [])
})

test('two groups whose meeting every other group would hide', () => {
  const others = Array.from({ length: 12 }, (_, at) => rule(`r${at}`, 'deny', from({ group: [`g${at}`] })))
  const [a, b] = [rule('a', 'allow', from({ group: ['dev'] })), rule('b', 'deny', from({ group: ['guest'] }))]
  differs(policy(...others, a, b), policy(...others, b, a))
})

test('two names among many that all end apart', () => {
  const many = Array.from({ length: 300 }, (_, at) => rule(`r${at}`, 'allow', { to: domain(`n${at}.example`) }))
  const [a, b] = [rule('a', 'allow', { to: domain('a.example') }), rule('b', 'deny', { to: domain('b.example') })]
  differs(policy(...many, a, b), policy(...many, b, a))
})

test('two detectors that fire together, of three', () => {
  const content = (id: string): Partial<Rule> => ({ content: [id] })
  const [c, a, b] = [rule('c', 'deny', content('c')), rule('a', 'allow', content('a')), rule('b', 'deny', content('b'))]
  differs(policy(c, a, b), policy(c, b, a))
})

test('a set that the world lost makes flows undetermined', () => {
  const set = (feed: string): Partial<Rule> => ({ to: [{ feed: [feed] }] })
  differs(policy(rule('a', 'allow', set('absent'))), policy())
})

test('no difference where only words differ, or order that no flow can tell', () => {
  const [a, b] = [rule('a', 'allow', from({ user: ['ann'] })), rule('b', 'deny', from({ user: ['bob'] }))]
  assert.deepEqual(diffPolicies(policy(a, b), policy(b, a), WORLD, NOW), [])
  assert.deepEqual(diffPolicies(policy(a), policy({ ...a, reason: 'because', id: 'other' }), WORLD, NOW), [])
})
