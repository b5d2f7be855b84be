import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderOf, LAYER, layerProblem, PURE } from './layers.ts'
import { moduleFacts, packageOf } from './module-facts.ts'
import { readManifest, readPackages, ROOT, shown, sourcesUnder } from './read-packages.ts'

const packages = readPackages()
const root = readManifest(ROOT)
const factsOf = (path: string) => moduleFacts(readFileSync(path, 'utf8'))
const isOutside = (specifier: string): boolean => !specifier.startsWith('.') && !specifier.startsWith('node:')

test('the rules see a violation', () => {
  assert.match(layerProblem('dns', '@sallyport/kernel') ?? '', /must not depend/)
  assert.match(layerProblem('net', '@sallyport/policy') ?? '', /must not depend/)
  assert.match(layerProblem('net', '@sallyport/new') ?? '', /has no layer/)
  assert.equal(layerProblem('cli', '@sallyport/agent'), null)
  assert.equal(layerProblem('net', 'ipaddr.js'), null)
})

test('every package has a layer and its name', () => {
  assert.ok(packages.length > 0)
  for (const { folder, manifest } of packages) {
    assert.notEqual(LAYER[folder], undefined, `packages/${folder} has no layer`)
    assert.equal(folderOf(manifest.name), folder)
  }
})

for (const { folder, manifest, sources, tests } of packages) {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })

  test(`packages/${folder} depends on lower layers only`, () => {
    for (const name of declared) assert.equal(layerProblem(folder, name), null)
  })

  test(`packages/${folder} imports only what its package.json declares`, () => {
    for (const path of sources) {
      const { imports, unreadable } = factsOf(path)
      assert.equal(unreadable, 0, `${shown(path)} imports something that is not written as text`)
      for (const name of imports.filter(isOutside).map(packageOf))
        assert.ok(declared.includes(name), `${shown(path)} imports ${name}, which package.json does not declare`)
    }
  })

  test(`packages/${folder}: tests import only what package.json or the root declares`, () => {
    const known = [manifest.name, ...declared, ...Object.keys({ ...manifest.devDependencies, ...root.devDependencies })]
    for (const path of tests) {
      for (const name of factsOf(path).imports.filter(isOutside).map(packageOf))
        assert.ok(known.includes(name), `${shown(path)} imports ${name}, which no package.json declares`)
    }
  })

  test(`packages/${folder} reaches into no other package's files`, () => {
    for (const path of [...sources, ...tests]) {
      for (const specifier of factsOf(path).imports.filter((each) => each.startsWith('.'))) {
        const target = shown(join(path, '..', specifier))
        assert.ok(target.startsWith(`packages/${folder}/`), `${shown(path)} imports ${target}`)
      }
    }
  })
}

for (const { folder, sources } of packages.filter((each) => PURE.includes(each.folder))) {
  test(`packages/${folder} is pure: no node: modules, clock, randomness or I/O`, () => {
    for (const path of sources) {
      const { imports, impurities } = factsOf(path)
      const modules = imports.filter((specifier) => specifier.startsWith('node:'))
      assert.deepEqual([...modules, ...impurities], [], shown(path))
    }
  })
}

test('tests, benchmarks and scripts of the repository import only what is declared', () => {
  const known = [...Object.keys({ ...root.devDependencies }), ...packages.map(({ manifest }) => manifest.name)]
  for (const path of ['test', 'bench', 'scripts'].flatMap((folder) => sourcesUnder(join(ROOT, folder)))) {
    for (const name of factsOf(path).imports.filter(isOutside).map(packageOf))
      assert.ok(known.includes(name), `${shown(path)} imports ${name}, which package.json does not declare`)
  }
})
