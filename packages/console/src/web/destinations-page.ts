/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { Column } from './data-table.ts'
import { bytes, count, minute } from './format.ts'
import { Named } from './named.ts'
import { PagedList } from './paged-list.ts'
import { Period } from './period.ts'
import { Tabs } from './tabs.ts'
import { TopList } from './top-list.ts'
import { WorldMap } from './world-map.ts'

type Network = { readonly asn: number; readonly name: string | null }
type Destination = {
  readonly destination: string
  readonly countries: readonly string[]
  readonly networks: readonly Network[]
  readonly flows: number
  readonly denied: number
  readonly bytesOut: number
  readonly apps: number
  readonly users: number
  readonly firstSeen: string
  readonly lastSeen: string
}

const TABS: Readonly<Record<string, string>> = {
  destination: 'Names and addresses',
  country: 'Countries',
  asn: 'Networks',
  port: 'Ports',
  protocol: 'Protocols',
}
const COUNTRY = new Intl.DisplayNames(['en'], { type: 'region' })
const EMPTY = 'Nothing has left in this time. A destination appears with its first connection.'

const columns = (since: string): readonly Column<Destination>[] => [
  {
    title: 'Destination',
    main: true,
    cell: (row) =>
      row.destination === ''
        ? 'unknown'
        : html`<${Named} by="destination" value=${row.destination} within=${`since:${since}`} />`,
  },
  { title: 'Country', cell: ({ countries }) => several(countries.map((code) => COUNTRY.of(code) ?? code)) },
  { title: 'Network', cell: ({ networks }) => several(networks.map(networkText)) },
  { title: 'Flows', number: true, cell: (row) => count(row.flows) },
  { title: 'Refused', number: true, cell: (row) => count(row.denied) },
  { title: 'Sent', number: true, cell: (row) => bytes(row.bytesOut) },
  { title: 'Applications', number: true, cell: (row) => count(row.apps) },
  { title: 'Users', number: true, cell: (row) => count(row.users) },
  { title: 'First seen', whole: true, cell: (row) => minute(row.firstSeen) },
  { title: 'Last seen', whole: true, cell: (row) => minute(row.lastSeen) },
]

/** Where everything goes: a map, and lists by name, country and network. */
export function DestinationsPage({ tab }: { readonly tab: string }): VNode {
  const [since, setSince] = useState('30d')
  const by = Object.hasOwn(TABS, tab) ? tab : 'destination'
  const filter = `since:${since}`
  return html`<h1>Destinations</h1>
    <${Tabs} page="destinations" label="By" tabs=${TABS} open=${by} />
    <${Period} value=${since} onChange=${setSince} />
    ${by === 'destination' || by === 'country' ? html`<${WorldMap} since=${since} />` : null}
    ${
      by === 'destination'
        ? html`<${PagedList}
            path="/destinations"
            name="destinations"
            query=${{ filter }}
            caption="Destinations, busiest first"
            columns=${columns(since)}
            events=${['stored']}
            empty=${EMPTY}
          />`
        : html`<${TopList} by=${by} title=${TABS[by]!} filter=${filter} empty=${EMPTY} />`
    }`
}

const NAMED = 3

function several(names: readonly string[]): string {
  const more = names.length - NAMED
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

function networkText({ asn, name }: Network): string {
  return name === null ? `AS${asn}` : `${name} (AS${asn})`
}
