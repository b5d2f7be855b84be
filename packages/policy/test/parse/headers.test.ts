import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decide, definePolicy, EMPTY_WORLD, formatPolicy, parsePolicy, type Policy } from '@sallyport/policy'

const rule = (headers: Record<string, string>, action: 'allow' | 'deny' = 'allow') => ({
  sallyport: 1 as const,
  name: 'lab',
  rules: [{ id: 'a', action, to: ['example.com'], headers }],
})

suite('headers of a rule', () => {
  test('need the request: before it is there nothing is certain, and where it never is the rule does not hold', () => {
    const policy: Policy = { layers: [definePolicy(rule({ 'X-Tenant': 'a' }), { file: 'lab' })] }
    const flow = { domain: 'example.com', boundNames: ['example.com'], protocol: 'tls', content: [] } as never
    assert.deepEqual(
      [{}, { http: null }, { http: { host: 'example.com', path: '/', method: 'GET', contentType: null } }].map(
        (http) => decide(policy, { ...(flow as object), ...http } as never, EMPTY_WORLD, 0).verdict,
      ),
      ['undetermined', 'deny', 'allow'],
    )
  })

  test('are written as they were read', () => {
    const layer = definePolicy(rule({ 'X-Tenant': 'a, b' }), { file: 'lab' })
    const again = parsePolicy(formatPolicy(layer), { file: 'lab' })
    assert.deepEqual(again.ok ? again.value.rules[0]?.headers : again, { 'X-Tenant': 'a, b' })
  })

  for (const [why, headers] of [
    ['a line end', { 'X-Tenant': 'a\r\nHost: b' }],
    ['a name that is none', { 'X Tenant': 'a' }],
    ['framing', { 'Content-Length': '0' }],
    ['the host', { host: 'evil.example' }],
    ['one name in two spellings', { 'X-Tenant': 'a', 'x-tenant': 'b' }],
    ['an empty value', { 'X-Tenant': '' }],
    ['nothing', {}],
  ] as const) {
    test(`are refused: ${why}`, () => {
      assert.throws(() => definePolicy(rule(headers as Record<string, string>), { file: 'lab' }))
    })
  }

  test('are refused in a rule that denies', () => {
    assert.throws(() => definePolicy(rule({ 'X-Tenant': 'a' }, 'deny'), { file: 'lab' }), /headers/)
  })
})
