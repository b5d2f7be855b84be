/// <reference lib="dom" />
import { html, useEffect, useRef, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { AlertChart } from './alert-chart.ts'
import { post, type User } from './api.ts'
import { bytes, duration, minute, round, words } from './format.ts'
import { filterOf } from './named.ts'

export type Alert = {
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
  readonly closedMs: number | null
  readonly closedBy: string | null
  readonly muted: boolean
}
const MUTE_HOURS: Readonly<Record<string, number>> = { 'an hour': 1, 'a day': 24, 'a week': 168, '30 days': 720 }
const MITRE = 'https://attack.mitre.org/techniques/'

/** One alert: a sentence, its numbers and a chart, and what can be done about it. */
export function AlertCard(props: {
  readonly alert: Alert
  readonly user: User
  readonly isWanted: boolean
  readonly act: (work: Promise<unknown>, done: string) => void
}): VNode {
  const { alert, user, isWanted, act } = props
  const { detector, destination, severity, technique, closedMs } = alert
  const card = useRef<HTMLElement | null>(null)
  useEffect(() => {
    if (isWanted) card.current?.focus()
  }, [isWanted])
  // Some alerts are about many destinations: those are muted by who went there, and no rule is offered for them.
  const isOne = !destination.includes(' ')
  return html`<article class="alert" ref=${card} tabindex="-1" aria-label=${alert.sentence}>
    <h2><span class=${`severity ${severity}`}>${severity}</span>${' '}${alert.sentence}</h2>
    <p class="small">
      ${detector}${' · '}
      <a href=${`${MITRE}${technique.id.replace('.', '/')}/`} rel="noreferrer">ATT&CK ${technique.id}</a>${' '}
      ${technique.name}${' · '}${minute(alert.firstMs)} to ${minute(alert.lastMs)}
      ${closedMs === null ? '' : ` · closed ${minute(closedMs)} by ${alert.closedBy}`}${alert.muted ? ' · muted' : ''}
    </p>
    <${AlertChart} detector=${detector} series=${alert.series} />
    <dl class="numbers">
      ${Object.entries(alert.numbers).map(
        ([name, value]) =>
          html`<div>
            <dt>${wordsOf(name)}</dt>
            <dd>${said(name, value)}</dd>
          </div>`,
      )}
    </dl>
    <p class="actions">
      ${isOne ? html`<a class="button" href="#/flows/${encodeURIComponent(filterOf('destination', destination))}">Flows</a>` : null}
      ${
        isOne && (user.role === 'editor' || user.role === 'admin')
          ? html`<a class="button" href=${`#/policy/deny/${encodeURIComponent(destination)}`}>Block…</a>
              <a class="button" href=${`#/policy/allow/${encodeURIComponent(destination)}`}>Allow…</a>`
          : null
      }
      ${user.role === 'viewer' || closedMs !== null ? null : html`<${Answer} alert=${alert} isOne=${isOne} act=${act} />`}
    </p>
  </article>`
}

/** To close it, or to hear no more of it until a time. */
function Answer(props: {
  readonly alert: Alert
  readonly isOne: boolean
  readonly act: (work: Promise<unknown>, done: string) => void
}): VNode {
  const { alert, isOne, act } = props
  const [hours, setHours] = useState(168)
  const whom = isOne ? { destination: alert.destination } : { subject: alert.subject }
  const mute = (): void =>
    act(
      post('/mutes', { detector: alert.detector, ...whom, hours, reason: '' }),
      `${alert.detector} is muted for ${Object.values(whom)[0]} for ${Object.keys(MUTE_HOURS).find((each) => MUTE_HOURS[each] === hours)}.`,
    )
  return html`<button type="button" onClick=${() => act(post(`/alerts/${alert.id}/close`), 'The alert is closed.')}>
      Close
    </button>
    <span class="together">
      <button type="button" onClick=${mute}>Mute for</button>
      <select
        aria-label="How long it is muted"
        onChange=${(event: Event) => setHours(Number((event.target as HTMLSelectElement).value))}
      >
        ${Object.entries(MUTE_HOURS).map(([text, value]) => html`<option value=${value} selected=${value === hours}>${text}</option>`)}
      </select>
    </span>`
}

function wordsOf(name: string): string {
  return words(name.replace(/Ms$/, ''))
    .replace(/bytes out$/i, 'sent')
    .replace(/bytes in$/i, 'received')
}

const SHARES: ReadonlySet<string> = new Set(
  'score spread regularity symmetry persistence sizes share usualShare'.split(' '),
)

function said(name: string, value: number): string {
  if (name.endsWith('Ms')) return duration(value)
  if (/bytes|threshold/i.test(name)) return bytes(value)
  return SHARES.has(name) ? `${round(value * 100)} %` : round(value)
}
