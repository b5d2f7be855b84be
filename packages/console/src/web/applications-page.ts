/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { Period } from './period.ts'
import { Tabs } from './tabs.ts'
import { TopList } from './top-list.ts'

const TABS: Readonly<Record<string, string>> = { app: 'Applications', user: 'Users', unit: 'Units', device: 'Devices' }

/** Who sends, and how much. */
export function ApplicationsPage({ tab }: { readonly tab: string }): VNode {
  const [since, setSince] = useState('30d')
  const by = Object.hasOwn(TABS, tab) ? tab : 'app'
  return html`<h1>Applications and users</h1>
    <${Tabs} page="applications" label="By" tabs=${TABS} open=${by} />
    <${Period} value=${since} onChange=${setSince} />
    <${TopList}
      by=${by}
      title=${TABS[by]!}
      filter=${`since:${since}`}
      empty="Nothing has left in this time. An application appears with its first connection, with the user who runs it."
    />`
}
