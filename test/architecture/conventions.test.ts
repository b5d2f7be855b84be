import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { readManifest, readPackages, ROOT, shown } from './read-packages.ts'

const README_SECTIONS = ['## What it is', '## Use', '## Layout', '## Rules']
const NAMED_AFTER_NOTHING = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/i
const LONGEST_FILE = 400

const packages = readPackages()

test('all packages have one version, and depend on each other in that version', () => {
  const { version } = readManifest(ROOT)
  for (const { manifest } of packages) {
    assert.equal(manifest.version, version, manifest.name)
    for (const [name, range] of Object.entries(manifest.dependencies ?? {}))
      if (name.startsWith('@sallyport/')) assert.equal(range, version, `${manifest.name}: ${name}`)
  }
})

test('no file is named after nothing', () => {
  for (const name of ['util.ts', 'string-utils.ts', 'helper.test.ts', 'rule-manager.ts', 'common.ts'])
    assert.match(name, NAMED_AFTER_NOTHING)
  for (const name of ['community.ts', 'utility-cost.ts', 'commons.ts']) assert.doesNotMatch(name, NAMED_AFTER_NOTHING)
  for (const path of packages.flatMap(({ sources, tests }) => [...sources, ...tests]))
    assert.doesNotMatch(basename(path), NAMED_AFTER_NOTHING, shown(path))
})

test(`no file has more than ${LONGEST_FILE} lines`, () => {
  for (const path of packages.flatMap(({ sources, tests }) => [...sources, ...tests])) {
    const lines = readFileSync(path, 'utf8').split('\n').length - 1
    assert.ok(lines <= LONGEST_FILE, `${shown(path)} has ${lines} lines`)
  }
})

test('the test command runs the tests of every package', () => {
  const command = readFileSync(join(ROOT, 'scripts/test.sh'), 'utf8')
  const run = new Set([...command.matchAll(/packages\/\{([^}]+)\}\/test/g)].flatMap(([, names]) => names!.split(',')))
  for (const { folder, tests } of packages)
    if (tests.length > 0) assert.ok(run.has(folder), `scripts/test.sh leaves packages/${folder} out`)
})

test('every package has a README with the same sections, in the same order', () => {
  for (const { folder } of packages) {
    const path = join(ROOT, 'packages', folder, 'README.md')
    assert.ok(existsSync(path), `packages/${folder}/README.md is missing`)
    const found = readFileSync(path, 'utf8').match(/^## .*$/gm) ?? []
    assert.deepEqual(found.slice(0, README_SECTIONS.length), README_SECTIONS, shown(path))
  }
})

test('links between documents lead to files that exist', () => {
  const documents = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !/(^|\/)(node_modules|\.git|build)\//.test(path))
    .map((path) => join(ROOT, path))
  for (const path of documents) {
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g))
      assert.ok(existsSync(join(path, '..', target!)), `${shown(path)} links to ${target}, which does not exist`)
  }
})
