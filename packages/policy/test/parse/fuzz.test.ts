import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatProblem, parseAllow, parseFlow, parsePolicy, parseTarget } from '@sallyport/policy'

const golden = new URL('./golden/', import.meta.url)
const seeds = readdirSync(golden).map((name) => readFileSync(new URL(name, golden), 'utf8').split('----------\n')[0]!)

function survives(text: string): void {
  const result = parsePolicy(text, { file: 'f' })
  if (result.ok) return
  assert.ok(result.problems.length > 0 && result.problems.length <= 100)
  for (const problem of result.problems) {
    assert.ok(problem.line >= 1 && problem.column >= 1)
    formatProblem(problem, text)
  }
}

test('random text never throws', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 500 })
})

test('mutated policies never throw', () => {
  const piece = fc.constantFrom(
    '*a',
    '&a ',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '\n',
    '  ',
    '- ',
    '"',
    "'",
    '!!x ',
    '\t',
    '__proto__: ',
    'null',
    '~',
    '1e999',
    '|\n',
    '? ',
  )
  const mutation = fc.tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.nat(4), piece), { minLength: 1, maxLength: 5 }),
  )
  fc.assert(
    fc.property(mutation, ([seed, edits]) => {
      let text = seed
      for (const [at, length, insert] of edits) {
        const start = at % (text.length + 1)
        text = text.slice(0, start) + insert + text.slice(start + length)
      }
      survives(text)
    }),
    { numRuns: 2000 },
  )
})

test('flows, targets and allowed destinations never throw', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => void parseFlow(value)),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseTarget(text)
      parseAllow(text)
    }),
    { numRuns: 1000 },
  )
})

test('deep nesting is an error', () => {
  for (const text of [
    '['.repeat(100_000),
    '- '.repeat(100_000),
    '{a: '.repeat(5_000),
    `x: ${'['.repeat(80)}${']'.repeat(80)}`,
  ]) {
    const result = parsePolicy(text, { file: 'f' })
    assert.ok(!result.ok)
  }
})

test('a file over the limit is an error', () => {
  const result = parsePolicy('#'.repeat(64 * 1024 * 1024 + 1), { file: 'f' })
  assert.ok(!result.ok && result.problems[0]!.code === 'too-large')
})

test('bytes that are no text are an error that says where', () => {
  const result = parsePolicy('sallyport: 1\nname: a\0b\n', { file: 'f' })
  assert.ok(!result.ok)
  assert.deepEqual([result.problems[0]!.code, result.problems[0]!.line, result.problems[0]!.column], ['not-text', 2, 8])
})

test('keys that every object inherits are nothing special', () => {
  const text =
    'sallyport: 1\ndefine:\n  destinations:\n    constructor: [a.example]\nrules:\n  - { id: a, action: deny, to: [constructor] }\n'
  assert.ok(parsePolicy(text, { file: 'f' }).ok)
  for (const name of ['toString', 'hasOwnProperty']) {
    assert.ok(!parsePolicy(`sallyport: 1\nrules: [{ id: a, action: deny, to: [${name}] }]\n`, { file: 'f' }).ok)
  }
  assert.equal(({} as Record<string, unknown>)['mode'], undefined)
})

test('a rule without an id does not disturb what names rules', () => {
  const text = 'sallyport: 1\ndns: { errorCodes: { a: filtered } }\nrules: [{ action: deny, to: [a.example] }]\n'
  const result = parsePolicy(text, { file: 'f' })
  assert.ok(!result.ok)
  assert.deepEqual(
    result.problems.map(({ code }) => code),
    ['undefined-name', 'missing-key'],
  )
})
