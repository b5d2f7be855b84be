import { readFileSync } from 'node:fs'
import { parseDomainName, parseDomainPattern } from '@sallyport/net'
import { SERVICES } from '../services.ts'

const FILE = new URL('../../data/popular-sites.txt', import.meta.url)

/** Names that no list should cover: the most linked sites, and those of every service of the catalogue. */
export function readPopularSites(): ReadonlySet<string> {
  const sites = readFileSync(FILE, 'utf8')
    .split('\n')
    .map((line) => (line.startsWith('#') ? null : parseDomainName(line)))
    .filter((name) => name !== null)
  const services = Object.values(SERVICES).flatMap(({ domains }) =>
    domains.map((text) => parseDomainPattern(text)?.name).filter((name) => name !== undefined),
  )
  return new Set([...sites, ...services])
}
