import { readFileSync } from 'node:fs'
import { parseDomainName } from '@sallyport/net'
import { serviceSet } from '../services/service-set.ts'
import { SERVICES } from '../services/services.ts'

const FILE = new URL('../../data/popular-sites.txt', import.meta.url)

/** Names that no list should cover: well-known sites, and those of every service of the catalogue. */
export function readPopularSites(): ReadonlySet<string> {
  const sites = readFileSync(FILE, 'utf8')
    .split('\n')
    .map((line) => (line.startsWith('#') ? null : parseDomainName(line)))
    .filter((name) => name !== null)
  const services = Object.values(SERVICES).flatMap((service) => serviceSet(service).domains.map(({ name }) => name))
  return new Set([...sites, ...services])
}
