import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  EMPTY_WORLD,
  formatProblem,
  parsePolicy,
  policyJsonSchema,
  PROBLEM_CODES,
  PROTOCOLS,
  runPolicyTests,
} from '@sallyport/policy'

const root = new URL('../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/reference/policy.md')
const examplesOf = (text: string) => [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1]!)
const examples = examplesOf(page)

function propertyNames(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = (schema as { properties?: object }).properties
  return [...Object.keys(own ?? {}), ...Object.values(schema).flatMap(propertyNames)]
}

for (const [index, example] of examples.entries()) {
  test(`example ${index + 1} of the policy page is valid, and its tests pass`, () => {
    const text = example.startsWith('sallyport:') ? example : `sallyport: 1\n${example}`
    const result = parsePolicy(text, { file: 'policy.md' })
    assert.ok(result.ok, result.ok ? '' : result.problems.map((problem) => formatProblem(problem, text)).join('\n'))
    const now = Date.UTC(2027, 0, 1)
    for (const { passed, verdict } of runPolicyTests({ layers: [result.value] }, EMPTY_WORLD, now)) {
      assert.ok(passed, verdict.explain)
    }
  })
}

test('policies of the guide and of the README are valid', () => {
  const guides = readdirSync(new URL('docs/guide', root)).filter((file) => file.endsWith('.md'))
  const pages = ['README.md', ...guides.map((file) => `docs/guide/${file}`)]
  const policies = pages.flatMap((path) => examplesOf(read(path)).map((text) => ({ path, text })))
  const whole = policies.filter(({ text }) => /^sallyport:/m.test(text))
  assert.ok(whole.length >= 4)
  for (const { path, text } of whole) {
    const result = parsePolicy(text, { file: path })
    assert.ok(result.ok, result.ok ? '' : result.problems.map((problem) => formatProblem(problem, text)).join('\n'))
  }
})

test('the policy page explains every key and names every protocol', () => {
  assert.ok(examples.length > 10)
  const keys = new Set(propertyNames(policyJsonSchema()))
  assert.deepEqual(
    [...keys].filter((key) => !page.includes(`\`${key}\``)),
    [],
  )
  assert.deepEqual(
    PROTOCOLS.filter((protocol) => !new RegExp(`\\b${protocol}\\b`).test(page)),
    [],
  )
})

test('the page of errors lists every code and no other', () => {
  const documented = [...read('docs/reference/errors.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]!)
  assert.deepEqual(documented.toSorted(), [...PROBLEM_CODES].toSorted())
})

test('schema/policy.schema.json is what scripts/generate-schema.ts writes', () => {
  assert.deepEqual(JSON.parse(read('schema/policy.schema.json')), JSON.parse(JSON.stringify(policyJsonSchema())))
})
