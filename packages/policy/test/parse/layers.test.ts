import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePolicy, parsePolicies, parsePolicy, PolicyError, type Layer } from '@sallyport/policy'

const rule = (id: string): string => `sallyport: 1\nrules:\n  - { id: ${id}, action: deny }\n`

function parsed(text: string, file = 'dir/team.yaml'): Layer {
  const result = parsePolicy(text, { file })
  assert.ok(result.ok)
  return result.value
}

test('a layer is named after its file, and rules know where they stand', () => {
  const layer = parsed(rule('a'))
  assert.deepEqual([layer.name, layer.mode, layer.default], ['team', 'enforce', 'deny'])
  assert.deepEqual(layer.rules[0]!.position, { file: 'dir/team.yaml', line: 3, column: 5 })
})

test('a byte order mark is no part of the text', () => {
  assert.equal(parsed(`\ufeff${rule('a')}`).rules.length, 1)
})

test('rule ids are unique over all layers', () => {
  const files = ['a', 'b', 'a'].map((id, index) => ({ file: `${index}.yaml`, text: rule(id) }))
  const result = parsePolicies(files)
  assert.ok(!result.ok)
  const [problem, ...others] = result.problems
  assert.deepEqual([problem!.code, problem!.file, problem!.line, others.length], ['duplicate-id', '2.yaml', 3, 0])
  assert.match(problem!.message, /0\.yaml:3/)
})

test('problems of all files are reported', () => {
  const result = parsePolicies([
    { file: 'a', text: '' },
    { file: 'b', text: 'sallyport: 3' },
  ])
  assert.ok(!result.ok)
  assert.deepEqual(
    result.problems.map(({ file, code }) => `${file} ${code}`),
    ['a empty', 'b wrong-value'],
  )
})

test('a test may expect a rule of another layer, not one that no layer has', () => {
  const tests = (id: string): string =>
    `sallyport: 1\ntests:\n  - { to: "https://example.com", expect: deny, rule: ${id} }\n`
  assert.ok(
    parsePolicies([
      { file: 'a', text: rule('no-web') },
      { file: 'b', text: tests('no-web') },
    ]).ok,
  )
  const result = parsePolicies([
    { file: 'a', text: rule('no-web') },
    { file: 'b', text: tests('now-eb') },
  ])
  assert.ok(!result.ok && result.problems[0]!.nearest === 'no-web')
})

test('no file is no policy', () => {
  assert.ok(!parsePolicies([]).ok)
})

test('sets of sets are expanded, each once; rules that name one set share it', () => {
  const layer = definePolicy({
    sallyport: 1,
    define: { destinations: { a: ['a.example'], b: ['a', 'b.example'], c: ['a', 'b'] } },
    rules: ['r1', 'r2'].map((id) => ({ id, action: 'deny', to: 'c' }) as const),
  })
  const [first, second] = layer.rules
  assert.deepEqual(
    first!.to!.map((term) => term.domain![0]!.name as string),
    ['a.example', 'b.example'],
  )
  assert.equal(first!.to, second!.to)
})

test('sets that would multiply are not multiplied', () => {
  const names = Array.from({ length: 60 }, (_, index) => `s${index}`)
  const destinations = Object.fromEntries(
    names.map((name, index) => [name, index === 0 ? ['x.example'] : [names[index - 1]!, names[index - 1]!]]),
  )
  const layer = definePolicy({
    sallyport: 1,
    define: { destinations },
    rules: [{ id: 'a', action: 'deny', to: 's59' }],
  })
  assert.equal(layer.rules[0]!.to!.length, 1)
})

test('a fact that looks misspelt is a warning', () => {
  const text =
    'sallyport: 1\nrules:\n  - { id: a, action: deny, from: [{ posture: { diskEncryted: true, vendorScore: 5 } }] }\n'
  const result = parsePolicy(text, { file: 'f' })
  assert.ok(result.ok)
  assert.deepEqual(
    result.warnings?.map((warning) => warning.nearest),
    ['diskEncrypted'],
  )
})

test('definePolicy throws the problems, each with its path', () => {
  const wrong = { sallyport: 1, rules: [{ id: 'a', action: 'deny', to: ['nowhere'], prots: [1] }] } as const
  assert.throws(
    () => definePolicy(wrong as never),
    (error) => {
      assert.ok(error instanceof PolicyError)
      assert.deepEqual(
        error.problems.map(({ code, path }) => `${code} ${path.join('.')}`),
        ['unknown-key rules.0.prots', 'undefined-name rules.0.to.0'],
      )
      return error.code === 'policy-invalid'
    },
  )
})

test('in a test, what is not given is none, and a domain is bound', () => {
  const [first, second] = parsed(
    'sallyport: 1\ntests:\n  - { to: "http://a.example/x", expect: deny }\n  - { to: "smb://192.0.2.1", expect: deny }\n',
  ).tests
  const { time, domain, boundNames, user, http, dst } = first!.flow
  assert.deepEqual(
    { time, domain, boundNames, user, dst },
    { time: undefined, domain: 'a.example', boundNames: ['a.example'], user: null, dst: null },
  )
  assert.deepEqual(http, { host: 'a.example', path: '/x', method: null, contentType: null })
  assert.deepEqual([second!.flow.domain, second!.flow.protocol], [null, 'smb'])
})

test('quic: deny is the first rule of its layer, in its mode, and is cited where it stands', () => {
  const text = (quic: string): string =>
    `sallyport: 1\nname: our office\nmode: monitor\n${quic}rules:\n  - { id: a, action: allow, mode: enforce }\n`
  const [first, second] = parsed(text('quic: deny\n')).rules
  assert.deepEqual(
    [first!.id, first!.action, first!.protocol, first!.mode, first!.position.line, second!.id],
    ['quic-our-office', 'deny', ['quic'], 'monitor', 4, 'a'],
  )
  for (const without of ['', 'quic: inspect\n']) assert.equal(parsed(text(without)).rules.length, 1)
})
