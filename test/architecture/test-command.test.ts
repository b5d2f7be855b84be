import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './read-packages.ts'

const PASSES = `import { test } from 'node:test'
test('passes', () => {})
`
const FAILS = `import { test } from 'node:test'
test('fails', () => { throw new Error('as it should') })
`
const FAILS_ONCE = `import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
test('fails once', () => {
  const mark = import.meta.filename + '.was-here'
  if (existsSync(mark)) return
  writeFileSync(mark, '')
  throw new Error('as it should')
})
`
const HANGS = `setInterval(() => {}, 1000)
`

test('a file that fails once passes, and is named', async () => {
  const { code, output } = await runTests(30, { 'a.test.mjs': PASSES, 'b.test.mjs': FAILS_ONCE })
  assert.equal(code, 0)
  assert.match(output, /^passed only the second time: .*b\.test\.mjs$/m)
  assert.doesNotMatch(output, /second time: .*a\.test\.mjs/)
})

test('a file that fails twice fails, whatever passes the second time', async () => {
  const { code, output } = await runTests(30, { 'a.test.mjs': FAILS, 'b.test.mjs': FAILS_ONCE })
  assert.equal(code, 1)
  assert.match(output, /^passed only the second time: .*b\.test\.mjs$/m)
  assert.doesNotMatch(output, /second time: .*a\.test\.mjs/)
})

test('more than three files that fail are not tried again', async () => {
  const files = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`${name}.test.mjs`, FAILS_ONCE]))
  const { code, output } = await runTests(30, files)
  assert.equal(code, 1)
  assert.doesNotMatch(output, /second time|once more/)
})

test('tests that do not end are ended, and not tried again', async () => {
  const { code, output } = await runTests(3, { 'a.test.mjs': HANGS })
  assert.equal(code, 124)
  assert.doesNotMatch(output, /second time|once more/)
})

async function runTests(seconds: number, files: Record<string, string>): Promise<{ code: number; output: string }> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'test-command-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory.path, name), text)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const script = join(ROOT, 'scripts/run-tests.sh')
  return await new Promise((resolve, reject) => {
    const args = [script, String(seconds), '2', '*.test.mjs']
    const path = `${dirname(process.execPath)}:${env['PATH']}`
    const options = { cwd: directory.path, env: { ...env, PATH: path } }
    execFile('sh', args, options, (error, output) => {
      if (error === null) resolve({ code: 0, output })
      else if (typeof error.code === 'number') resolve({ code: error.code, output })
      else reject(error)
    })
  })
}
