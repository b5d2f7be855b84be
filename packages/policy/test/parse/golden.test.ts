import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatProblem, parsePolicy } from '@sallyport/policy'

const folder = new URL('./golden/', import.meta.url)
const LINE = '----------\n'

function errors(text: string): string {
  const result = parsePolicy(text, { file: 'policy.yaml' })
  if (result.ok) return 'no error\n'
  return `${result.problems.map((problem) => formatProblem(problem, text)).join('\n')}\n`
}

/** Each file: a broken policy, a line of dashes, the exact errors. `UPDATE_GOLDEN=1` writes them anew. */
for (const name of readdirSync(folder).sort()) {
  test(name, () => {
    const url = new URL(name, folder)
    const [input = '', expected = ''] = readFileSync(url, 'utf8').split(LINE)
    const actual = errors(input)
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(url, `${input}${LINE}${actual}`)
    else assert.equal(actual, expected)
    assert.notEqual(actual, 'no error\n')
  })
}
