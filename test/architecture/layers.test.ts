import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { importsOf, packageOf } from './imports-of.ts'
import { readPackages, ROOT, shown } from './read-packages.ts'

/** Imports go from a higher number to a lower one only. */
const LAYER: Readonly<Record<string, number>> = {
  net: 0,
  policy: 1,
  flow: 1,
  wire: 1,
  compile: 2,
  detect: 2,
  catalog: 2,
  kernel: 3,
  dns: 3,
  proxy: 3,
  store: 3,
  agent: 4,
  control: 4,
  console: 5,
  cli: 5,
}
const PURE = ['net', 'policy', 'flow', 'wire', 'compile', 'detect']
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bMath\.random\b|\bprocess\.|\bconsole\.|\bfetch\(|\bsetTimeout\b/
const README_SECTIONS = ['## What it is', '## Use', '## Layout', '## Rules']

const packages = readPackages()
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/test/')

test('the scanner sees every form of import', () => {
  const text = `import type { A } from '@sallyport/a'\nexport * from "./b.ts"\nimport 'c/d'\nawait import('node:fs')\n// import 'no'`
  assert.deepEqual(importsOf(text).map(packageOf).sort(), ['./b.ts', '@sallyport/a', 'c', 'node:fs'])
  assert.match('const now = Date.now()', IMPURE)
})

test('every package has a layer, and depends on lower layers only', () => {
  for (const { folder, manifest } of packages) {
    const own = LAYER[folder]
    assert.notEqual(own, undefined, `packages/${folder} has no layer`)
    for (const name of Object.keys(manifest.dependencies ?? {}).filter((each) => each.startsWith('@sallyport/'))) {
      const other = LAYER[name.slice('@sallyport/'.length)]
      assert.ok(other !== undefined && other < own!, `${manifest.name} (layer ${own}) must not depend on ${name}`)
    }
  }
})

for (const { folder, manifest, sources } of packages) {
  test(`packages/${folder} imports only what its package.json declares`, () => {
    const declared = new Set(Object.keys(manifest.dependencies ?? {}))
    for (const path of sources.filter((each) => !isTest(each))) {
      for (const specifier of importsOf(readFileSync(path, 'utf8')).map(packageOf)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        assert.ok(declared.has(specifier), `${shown(path)} imports ${specifier}, which package.json does not declare`)
      }
    }
  })

  test(`packages/${folder} reaches into no other package's files`, () => {
    for (const path of sources) {
      for (const specifier of importsOf(readFileSync(path, 'utf8')).filter((each) => each.startsWith('.'))) {
        const target = shown(join(path, '..', specifier))
        assert.ok(target.startsWith(`packages/${folder}/`), `${shown(path)} imports ${target}`)
      }
    }
  })
}

for (const { folder, sources } of packages.filter((each) => PURE.includes(each.folder))) {
  test(`packages/${folder} is pure: no node: modules, clock, randomness or I/O`, () => {
    for (const path of sources.filter((each) => !isTest(each))) {
      const text = readFileSync(path, 'utf8')
      const impure = importsOf(text).find((specifier) => specifier.startsWith('node:'))
      assert.equal(impure, undefined, `${shown(path)} imports ${impure}`)
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
      assert.doesNotMatch(code, IMPURE, shown(path))
    }
  })
}

test('all packages have one version', () => {
  assert.equal(new Set(packages.map(({ manifest }) => manifest.version)).size, 1)
})

test('no file is named after nothing, and none is longer than 400 lines', () => {
  for (const path of packages.flatMap(({ sources }) => sources)) {
    assert.doesNotMatch(basename(path), /^(.*-)?(utils?|helpers?|manager|common|misc)\.ts$/, shown(path))
    const lines = readFileSync(path, 'utf8').split('\n').length
    assert.ok(lines <= 400, `${shown(path)} has ${lines} lines`)
  }
})

test('every package has a README with the same sections', () => {
  for (const { folder } of packages) {
    const path = join(ROOT, 'packages', folder, 'README.md')
    assert.ok(existsSync(path), `packages/${folder}/README.md is missing`)
    for (const section of README_SECTIONS)
      assert.ok(readFileSync(path, 'utf8').includes(section), `${path}: ${section}`)
  }
})
