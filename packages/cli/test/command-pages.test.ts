import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { COMMANDS } from '../src/program.ts'

const PAGES = fileURLToPath(new URL('../../../docs/reference/commands', import.meta.url))
const SECTIONS = ['Synopsis', 'Options', 'Exit codes', 'Examples']

test('every command has a page, and every page a command', () => {
  const pages = readdirSync(PAGES).map((file) => file.replace(/\.md$/, ''))
  assert.deepEqual(pages.toSorted(), Object.keys(COMMANDS).toSorted())
})

test('the README leads to the page of every command', () => {
  const readme = readFileSync(join(PAGES, '../../../README.md'), 'utf8')
  const led = [...readme.matchAll(/\(docs\/reference\/commands\/([a-z]+)\.md\)/g)].map((match) => match[1])
  assert.deepEqual([...new Set(led)].toSorted(), Object.keys(COMMANDS).toSorted())
})

for (const [name, load] of Object.entries(COMMANDS)) {
  suite(`the page of ${name}`, async () => {
    const command = (await load())(() => {})
    const page = readFileSync(join(PAGES, `${name}.md`), 'utf8')
    const all = [command, ...command.commands]

    test('lists the options that there are, as --help writes them', () => {
      const documented = [...page.matchAll(/^\| `(--[^`]+)` \|/gm)].map((match) => match[1])
      const options = all.flatMap((each) => each.options.map(({ flags }) => flags))
      assert.deepEqual([...new Set(documented)].toSorted(), [...new Set(options)].toSorted())
    })

    test('shows every example of --help', () => {
      for (const example of all.flatMap(examplesOf)) assert.ok(page.includes(`\n${example}\n`), example)
    })

    test('has the sections of a manual page', () => {
      const headings = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1])
      assert.deepEqual(
        SECTIONS.filter((section) => !headings.includes(section)),
        [],
      )
    })
  })
}

function examplesOf(command: Command): readonly string[] {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  const examples = [...help.matchAll(/^ {2}\$ (.+)$/gm)].map((match) => match[1]!)
  assert.ok(examples.length > 0 || command.commands.length > 0, `${command.name()} has no example`)
  return examples
}
