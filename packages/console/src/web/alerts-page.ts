/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { AlertCard, type Alert } from './alert-card.ts'
import { remove, type User } from './api.ts'
import { Chosen } from './chosen.ts'
import type { Column } from './data-table.ts'
import { minute } from './format.ts'
import { Problem } from './load.ts'
import { PagedList } from './paged-list.ts'

type Mute = {
  readonly id: string
  readonly detector: string | null
  readonly subject: string | null
  readonly destination: string | null
  readonly untilMs: number
  readonly author: string
}
type Act = (work: Promise<unknown>, done: string) => void

const STATES: Readonly<Record<string, string>> = { true: 'open', false: 'open and closed' }
const SEVERITIES: Readonly<Record<string, string>> = {
  '': 'any',
  critical: 'critical',
  high: 'high',
  medium: 'medium',
  low: 'low',
}

/** What is unusual, with its evidence; `wanted` is the alert that a link leads to. */
export function AlertsPage({ user, wanted }: { readonly user: User; readonly wanted: string }): VNode {
  const [open, setOpen] = useState('true')
  const [severity, setSeverity] = useState('')
  const [failed, setFailed] = useState<Error | null>(null)
  const [said, setSaid] = useState('')
  const act: Act = (work, done) =>
    void work.then(() => {
      setFailed(null)
      setSaid(done)
    }, setFailed)
  const cards = (alerts: readonly Alert[]): VNode => {
    const shown = alerts.filter(({ id, muted }) => !muted || open === 'false' || id === wanted)
    return html`${shown.map((alert) => html`<${AlertCard} key=${alert.id} alert=${alert} user=${user} act=${act} isWanted=${alert.id === wanted} />`)}
    ${shown.length < alerts.length ? html`<p class="empty">${alerts.length - shown.length} muted.</p>` : null}`
  }
  return html`<h1>Alerts</h1>
    <p class="actions">
      <${Chosen} label="Show" options=${STATES} value=${open} onChange=${setOpen} />
      <${Chosen} label="Severity" options=${SEVERITIES} value=${severity} onChange=${setSeverity} />
    </p>
    <${Problem} error=${failed} />
    <p role="status" class="said">${said}</p>
    <${PagedList}
      path="/alerts"
      name="alerts"
      caption="Alerts, newest first"
      query=${{ open, limit: '25', ...(severity === '' ? {} : { severity }) }}
      events=${['alerts', 'audit']}
      shown=${cards}
      empty="Nothing is unusual. Once a minute the detectors look through the last day's flows: timers, uploads, tunnels, generated names, new destinations and more. Most need some days of flows to know what is usual here."
    />
    <h2>Mutes</h2>
    <${PagedList}
      path="/mutes"
      name="mutes"
      caption="Mutes that still hold"
      columns=${muteColumns(user, act)}
      events=${['audit']}
      empty="No alert is muted. What is known to be harmless can be muted for a time, at its alert."
    />`
}

function muteColumns(user: User, act: Act): readonly Column<Mute>[] {
  const what = ({ detector, subject, destination }: Mute): string =>
    [detector, subject, destination].filter(Boolean).join(', ')
  return [
    { title: 'What', main: true, cell: what },
    { title: 'Until', whole: true, cell: ({ untilMs }) => minute(untilMs) },
    { title: 'By', cell: ({ author }) => author },
    {
      title: 'Actions',
      cell: (mute) =>
        user.role === 'viewer'
          ? ''
          : html`<button
              type="button"
              aria-label=${`End the mute of ${what(mute)}`}
              onClick=${() => act(remove(`/mutes/${mute.id}`), 'The mute has ended.')}
            >
              End
            </button>`,
    },
  ]
}
