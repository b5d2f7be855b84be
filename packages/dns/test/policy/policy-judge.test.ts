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
