/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { count, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'

type Status = {
  readonly policy: { readonly version: number | null; readonly mode: string }
  readonly startedMs?: number
  readonly guarding?: string
  readonly pid?: number
  readonly kernel?: Readonly<Record<string, number>> | null
  readonly spool?: Readonly<Record<string, unknown>>
  readonly layingOut?: { readonly rows: number; readonly rowsLeft: number } | null
}

/** What guards this host, since when, and what it counts. */
export function HostFacts(): VNode {
  const { data, error } = useLoaded('status', () => get<Status>('/status'), ['policy', 'stored'])
  if (data === null) return html`<${Problem} error=${error} />`
  const { policy, startedMs, guarding, pid, kernel, spool, layingOut } = data
  const counters = Object.entries({ ...kernel, ...spool }).filter(([, value]) => typeof value === 'number')
  const facts: readonly (readonly [string, string])[] = [
    ['policy', policy.version === null ? 'none applied' : `version ${policy.version}, ${policy.mode}`],
    ['guards', guarding ?? ''],
    ['since', startedMs === undefined ? '' : time(startedMs)],
    ['process', String(pid ?? '')],
    ...(layingOut === null || layingOut === undefined
      ? []
      : [
          [
            'still laid out as before',
            `${count(layingOut.rowsLeft)} of ${count(layingOut.rows)} stored flows`,
          ] as const,
        ]),
    ...counters.map(([name, value]) => [name, count(value as number)] as const),
  ]
  return html`<section>
    <h2>This host</h2>
    <dl class="pairs">
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`
}
