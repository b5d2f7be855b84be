import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicies, EMPTY_WORLD, type Policy } from '@sallyport/policy'
import { diffPolicies, lintPolicy, reach } from '../../src/index.ts'

/** A thousand services, each for its own user on its own name; these lines come behind them. */
function policyWith(more: string): Policy {
  const users = Array.from(
    { length: 1000 },
    (_, at) => `  - { id: s${at}, action: allow, from: [{ user: u${at % 50} }], to: [n${at}.example], ports: [443] }`,
  )
  const text = `sallyport: 1\nname: many\nrules:\n${users.join('\n')}\n${more}`
  const parsed = parsePolicies([{ file: 'many.yaml', text }])
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

const findings = (more: string): readonly string[] =>
  lintPolicy(policyWith(more), EMPTY_WORLD, 0).map(({ code, rule, related }) => `${rule} ${code} ${related.join()}`)

test('among a thousand rules, one that never decides is found, with the one that comes first', () => {
  assert.deepEqual(
    findings('  - { id: again, action: allow, from: [{ user: u7 }], to: [n507.example], ports: [tcp/443] }'),
    ['again unreachable-rule s507'],
  )
})

test('one for another user, another port or a name below is not', () => {
  for (const rule of [
    '{ id: x, action: allow, from: [{ user: u8 }], to: [n507.example], ports: [443] }',
    '{ id: x, action: allow, from: [{ user: u7 }], to: [n507.example], ports: [444] }',
    '{ id: x, action: allow, from: [{ user: u7 }], to: ["*.n507.example"], ports: [443] }',
  ])
    assert.deepEqual(findings(`  - ${rule}`), [], rule)
})

test('a rule that a later one makes needless is redundant, unless one between them decides otherwise', () => {
  const narrow = '  - { id: narrow, action: allow, to: [a.example.net], ports: [443] }'
  const wide = '  - { id: wide, action: allow, to: ["*.example.net"], ports: [443] }'
  const between = '  - { id: no, action: deny, to: [a.example.net], ports: [443] }'
  assert.deepEqual(findings(`${narrow}\n${wide}`), ['narrow redundant-rule wide'])
  // Without the rule between, a name that no answer was bound to would be denied all the same.
  assert.deepEqual(findings(`${narrow}\n${between}\n${wide}`), ['no redundant-rule '])
})

test('what one changed rule among them changes is found, and nothing else', () => {
  const before = policyWith('')
  const [layer] = before.layers
  const after = { layers: [{ ...layer!, rules: layer!.rules.filter(({ id }) => id !== 's500') }] }
  const regions = diffPolicies(before, after, EMPTY_WORLD, 0)
  assert.ok(regions.length > 0 && regions.every(({ before: { rule } }) => rule === 's500'))
  assert.deepEqual(diffPolicies(before, policyWith(''), EMPTY_WORLD, 0), [])
})

test('what one of fifty users can reach is twenty names', () => {
  const rows = reach(policyWith(''), EMPTY_WORLD, 0, { facts: { user: 'u7' } })
  assert.equal(rows.length, 20)
})
