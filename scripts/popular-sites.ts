/**
 * `node scripts/popular-sites.ts top-sites.json < more.txt`: writes packages/catalog/data/popular-sites.txt. The first is `src/index.json`
 * of the npm package top-sites; the standard input has further names, one a line, as they stand in the second part of the file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseDomainName } from '@sallyport/net'

const [source] = process.argv.slice(2)
if (source === undefined) {
  console.error('usage: node scripts/popular-sites.ts TOP-SITES.json < MORE.txt')
  process.exit(2)
}
const FILE = new URL('../packages/catalog/data/popular-sites.txt', import.meta.url)
const heads = readFileSync(FILE, 'utf8')
  .split('\n\n')
  .map((part) => part.split('\n').filter((line) => line.startsWith('#')))
const ranked = JSON.parse(readFileSync(source, 'utf8')) as readonly {
  readonly rootDomain?: string
  readonly url?: string
}[]
const sites = names(
  ranked.map(({ rootDomain, url = '' }) => (rootDomain ?? url.replace(/\/.*$/, '')).replace(/^www\./, '')),
)
const more = names(readFileSync(0, 'utf8').split('\n')).filter((name) => !sites.includes(name))
const parts = [[], sites, more].map((each, index) => [...(heads[index] ?? []), ...each].join('\n'))
writeFileSync(FILE, `${parts.join('\n\n')}\n`)

function names(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map((text) => parseDomainName(text.trim())).filter((name) => name !== null))].sort()
}
