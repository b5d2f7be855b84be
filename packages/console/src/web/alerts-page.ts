/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post, remove, type User } from './api.ts'
import { BarChart } from './bar-chart.ts'
import { time } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import { filterOf } from './overview-page.ts'

type Alert = {
  readonly id: string
  readonly detector: string
  readonly severity: string
  readonly subject: string
  readonly destination: string
  readonly sentence: string
  readonly technique: { readonly id: string; readonly name: string }
  readonly numbers: Readonly<Record<string, number>>
  readonly series: readonly (readonly [number, number])[]
  readonly firstMs: number
  readonly lastMs: number
  readonly muted: boolean
}
type Mute = {
  readonly id: string
  readonly detector: string | null
  readonly subject: string | null
  readonly destination: string | null
  readonly untilMs: number
  readonly author: string
}

export function AlertsPage({ user }: { readonly user: User }): VNode {
  const alerts = useLoaded('alerts', () => get<{ alerts: Alert[] }>('/alerts'), ['alerts'])
  const mutes = useLoaded('mutes', () => get<{ mutes: Mute[] }>('/mutes'))
  const [failed, setFailed] = useState<Error | null>(null)
  const act = (work: Promise<unknown>): void =>
    void work.then(() => {
      setFailed(null)
      alerts.again()
      mutes.again()
    }, setFailed)
  const shown = alerts.data?.alerts.filter(({ muted }) => !muted) ?? []
  return html`<h1>Alerts</h1>
    <${Problem} error=${failed ?? alerts.error} />
    ${
      alerts.data !== null && shown.length === 0
        ? html`<p class="empty">
            Nothing is unusual. Once a minute the detectors look through the last day's flows: timers, uploads, tunnels,
            generated names and more.
          </p>`
        : null
    }
    ${shown.map((alert) => html`<${AlertCard} key=${alert.id} alert=${alert} user=${user} act=${act} />`)}
    <h2>Mutes</h2>
    ${(mutes.data?.mutes.length ?? 0) === 0 ? html`<p class="empty">No alert is muted.</p>` : null}
    <ul class="plain">
      ${mutes.data?.mutes.map(
        (mute) =>
          html`<li>
            ${[mute.detector, mute.subject, mute.destination].filter(Boolean).join(', ')} until ${time(mute.untilMs)},
            by ${mute.author}
            ${user.role === 'viewer' ? null : html`<button type="button" onClick=${() => act(remove(`/mutes/${mute.id}`))}>End this mute</button>`}
          </li>`,
      )}
    </ul>`
}

function AlertCard({
  alert,
  user,
  act,
}: {
  readonly alert: Alert
  readonly user: User
  readonly act: (work: Promise<unknown>) => void
}): VNode {
  const { detector, destination, severity, technique } = alert
  const numbers = Object.entries(alert.numbers).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
  // Some alerts are about many destinations: those are muted by who went there, and no rule is offered for them.
  const isOne = !destination.includes(' ')
  const whom = isOne ? { destination } : { subject: alert.subject }
  const mute = (): void => act(post('/mutes', { detector, ...whom, hours: 24 * 7, reason: '' }))
  return html`<article class="alert">
    <h2><span class="severity ${severity}">${severity}</span> ${detector}</h2>
    <p>${alert.sentence}</p>
    ${alert.series.length > 2 ? html`<${BarChart} values=${alert.series.map(([, value]) => value)} label=${`${alert.series.length} values of ${detector}`} />` : null}
    <p class="small">${numbers.join(', ')}</p>
    <p class="small">${time(alert.firstMs)} to ${time(alert.lastMs)}; ATT&CK ${technique.id} ${technique.name}</p>
    <p class="actions">
      ${isOne ? html`<a href="#/flows/${encodeURIComponent(filterOf('destination', destination))}">Flows</a>` : null}
      ${
        isOne && (user.role === 'editor' || user.role === 'admin')
          ? html`<a href=${`#/policy/deny/${encodeURIComponent(destination)}`}>Block…</a>
              <a href=${`#/policy/allow/${encodeURIComponent(destination)}`}>Allow…</a>`
          : null
      }
      ${
        user.role === 'viewer'
          ? null
          : html`<button type="button" onClick=${() => act(post(`/alerts/${alert.id}/close`))}>Close</button>
              <button type="button" onClick=${mute}>Mute for a week</button>`
      }
    </p>
  </article>`
}
