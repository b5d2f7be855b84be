import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moduleFacts, packageOf } from './module-facts.ts'

test('every form of import is seen, and no comment or string is taken for one', () => {
  const { imports } = moduleFacts(`
    import type { A } from '@sallyport/a/deep'
    import { type B } from 'b'
    export * from "./c.ts"
    export type { D } from 'd'
    import 'e'
    type F = import('f').F
    const glob = 'packages/*/src'; const g = await import('node:fs'); const star = '*/'
    const h = require('h')
    // import 'no'
    /* import 'no' */
    const text = "import 'no'"
  `)
  assert.deepEqual(imports.map(packageOf).toSorted(), ['./c.ts', '@sallyport/a', 'b', 'd', 'e', 'f', 'h', 'node:fs'])
})

test('an import that cannot be read is counted', () => {
  assert.equal(moduleFacts('await import(name)').unreadable, 1)
  assert.equal(moduleFacts("await import('x')").unreadable, 0)
})

for (const text of [
  'Date.now()',
  "Date['now']()",
  'new Date()',
  'Date()',
  'Math.random()',
  'performance.now()',
  'process.env.HOME',
  'globalThis.fetch(url)',
  'fetch(url)',
  'console.log(1)',
  'const p = process',
  'const all = { process }',
  'setTimeout(run, 1)',
  'crypto.getRandomValues(bytes)',
  'import.meta.url',
]) {
  test(`impure: ${text}`, () => assert.notDeepEqual(moduleFacts(text).impurities, []))
}

for (const text of [
  'new Date(nowMs)',
  'flow.process',
  'const a = { process: 1, fetch: 2 }',
  'type T = { readonly process: string; fetch(): void }',
  'Math.max(1, 2)',
  'class C { performance = 1 }',
  '// Date.now()',
]) {
  test(`pure: ${text}`, () => assert.deepEqual(moduleFacts(text).impurities, []))
}
