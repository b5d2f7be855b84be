import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { MmdbKind } from './mmdb-table.ts'
import { openGeoFile } from './open-geo-file.ts'
import { rangeTextFacts } from './range-text.ts'
import { readKeptRangeTable } from './compiled-ranges.ts'
import { lazyTable, type RangeTable } from './range-table.ts'
import { throughTunnels } from './through-tunnels.ts'

/** Where a table comes from, how old it is, and what its licence wants to be said. */
export type GeoSource = {
  readonly kind: MmdbKind
  readonly title: string
  readonly files: readonly string[]
  /** Day of the data. */
  readonly builtMs: number
  readonly attribution: string
}

export type Geography = {
  readonly countries: RangeTable
  readonly networks: RangeTable
  readonly sources: () => readonly [GeoSource, GeoSource]
}

const PACKAGES = {
  country: {
    name: '@ip-location-db/asn-country',
    prefix: 'asn-country',
    attribution: 'NRO (https://www.nro.net), CC BY 4.0, through ip-location-db',
  },
  asn: {
    name: '@ip-location-db/asn',
    prefix: 'asn',
    attribution:
      'RouteViews (https://www.routeviews.org), NRO (https://www.nro.net) and DB-IP (https://db-ip.com), CC BY 4.0, through ip-location-db',
  },
} as const

/**
 * The tables of countries and networks: a user's own file from the first directory that has one, else those of the packages. Files
 * are read on first use; one that cannot be read is told, and the packages' data used. `compiled` is a directory of tables as they were
 * read before; `null` for none.
 */
export function openGeography(
  directories: readonly string[] = [],
  warn: (text: string) => void = () => {},
  compiled: string | null = null,
): Geography {
  const countries = once(() => openTable('country', directories, warn, compiled))
  const networks = once(() => openTable('asn', directories, warn, compiled))
  return {
    countries: throughTunnels(lazyTable(() => countries().open())),
    networks: throughTunnels(lazyTable(() => networks().open())),
    sources: () => [countries().source, networks().source],
  }
}

/** How files of the user are named where they are kept; ranges of countries go before a MaxMind DB. */
export const OWN_FILES: readonly string[] = ['country.csv', 'country.mmdb', 'asn.mmdb']

type Opening = { readonly source: GeoSource; readonly open: () => RangeTable }

function once<T extends object>(make: () => T): () => T {
  let made: T | null = null
  return () => (made ??= make())
}

function openTable(
  kind: MmdbKind,
  directories: readonly string[],
  warn: (text: string) => void,
  compiled: string | null,
): Opening {
  for (const directory of directories) {
    const text = kind === 'country' ? textTable(join(directory, 'country.csv'), compiled) : null
    if (text !== null) return text
    const file = join(directory, `${kind}.mmdb`)
    const own = openGeoFile([file])
    if (own === null) continue
    if ('invalid' in own || own.kind !== kind) {
      warn(`${file}: ${'invalid' in own ? own.invalid : `a MaxMind DB of kind ${own.kind}`}; the default data is used`)
      continue
    }
    const { type: title, builtMs, attribution, table } = own
    return { source: { kind, title, files: [file], builtMs, attribution }, open: () => table }
  }
  return packageTable(kind, compiled)
}

/** Lines that `geo use` has read before; `null` when there are none. */
function textTable(file: string, compiled: string | null): Opening | null {
  const changed = statSync(file, { throwIfNoEntry: false })
  if (changed === undefined) return null
  const { title, builtMs, attribution } = rangeTextFacts(headOf(file), changed.mtimeMs)
  const source = { kind: 'country', title, files: [file], builtMs, attribution } as const
  return { source, open: () => readKeptRangeTable([file], compiled) }
}

function headOf(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const head = Buffer.alloc(4096)
    return head.subarray(0, readSync(descriptor, head))
  } finally {
    closeSync(descriptor)
  }
}

function packageTable(kind: MmdbKind, compiled: string | null): Opening {
  const { name, prefix, attribution } = PACKAGES[kind]
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  const files = ['ipv4', 'ipv6'].map((family) => join(dirname(manifest), `${prefix}-${family}.csv`))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }
  const source = { kind, title: `${name} ${version}`, files, builtMs: dayOfVersion(version), attribution }
  return { source, open: () => readKeptRangeTable(files, compiled) }
}

/** Their versions end in the day: 2.3.2026061719 is of 2026-06-17. */
function dayOfVersion(version: string): number {
  const [, year, month, day] = /(\d{4})(\d{2})(\d{2})\d{2}$/.exec(version) ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(day))
}
