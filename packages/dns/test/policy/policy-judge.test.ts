import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import { parseAddress, parseDomainName } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies } from '@sallyport/policy'
import { PolicyJudge, type JudgeOptions } from '../../src/policy/policy-judge.ts'

function judgeOf(text: string, options: JudgeOptions = {}): PolicyJudge {
  const parsed = parsePolicies([{ file: 'test.yaml', text: `sallyport: 1\n${text}` }])
  assert.ok(parsed.ok)
  return new PolicyJudge(compilePolicy(parsed.value, EMPTY_WORLD, { atMs: Date.now() }), options)
}
const query = (name: string) => ({
  name: parseDomainName(name)!,
  type: 1,
  client: { address: '192.0.2.9', port: 5300 },
})

test('a name is needed where the connection decides, and not where DNS alone does', () => {
  const rules = `
rules:
  - { id: web, action: allow, to: [a.example], ports: [443], protocol: tls }
  - { id: legacy, action: allow, to: [b.example], assurance: dns }
`
  for (const isLastPoint of [false, true]) {
    const judge = judgeOf(rules, { isLastPoint })
    assert.equal(judge.needsName(query('a.example')), true)
    assert.equal(judge.needsName(query('b.example')), false)
  }
})

test('a public name leads to a private address only where the policy says so', () => {
  const rules = 'rules: [{ id: web, action: allow, to: [.example.com] }]'
  const inside = parseAddress('10.0.0.1')!
  assert.equal(judgeOf(rules).judgeAnswer(query('a.example.com'), inside).verdict, 'deny')
  const excepted = judgeOf(rules, { mayBePrivate: (name) => name === 'a.example.com' })
  assert.notEqual(excepted.judgeAnswer(query('a.example.com'), inside).verdict, 'deny')
  assert.equal(excepted.judgeAnswer(query('b.example.com'), inside).verdict, 'deny')
})

test('a refusal cites the rule that the name is evidence for, not one that only some address, port or user could be', () => {
  for (const isLastPoint of [false, true]) {
    const judge = judgeOf(
      `
rules:
  - { id: no-ports, action: deny, ports: [25] }
  - { id: no-addresses, action: deny, to: [203.0.113.0/24, listed.example] }
  - { id: no-user, action: deny, from: [{ user: guest }] }
  - { id: web, action: allow, to: [a.example] }
`,
      { isLastPoint },
    )
    assert.deepEqual([judge.judge(query('b.example')).verdict, judge.judge(query('b.example')).rule], ['deny', null])
    assert.equal(judge.judge(query('listed.example')).rule, 'no-addresses')
    assert.notEqual(judge.judge(query('a.example')).verdict, 'deny')
    assert.equal(judge.judgeAnswer(query('a.example'), parseAddress('203.0.113.9')!).rule, 'no-addresses')
    assert.equal(judge.judgeAlias(query('a.example'), parseDomainName('listed.example')!).rule, 'no-addresses')
    assert.equal(judge.judgeAlias(query('a.example'), parseDomainName('other.example')!).verdict, 'allow')
  }
})
