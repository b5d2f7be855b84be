/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { DataTable, type Column } from './data-table.ts'
import { bytes, count, time, words } from './format.ts'
import { Problem, useLoaded } from './load.ts'

type Counts = Readonly<Record<string, number>>
type Status = {
  readonly policy: { readonly version: number | null; readonly mode: string }
  readonly startedMs?: number
  readonly guarding?: string
  readonly pid?: number
  readonly kernel?: Counts | null
  readonly spool?: { readonly spooled?: number; readonly dropped?: Counts }
  readonly room?: {
    readonly bytes: number
    readonly limitBytes: number
    readonly oldestMs: number | null
    readonly removedFlows: number
    readonly isShort: boolean
  } | null
  readonly layingOut?: { readonly rows: number; readonly rowsLeft: number } | null
}
type Delivery = {
  readonly target: string
  readonly sent: number
  readonly failures: number
  readonly waiting: number
  readonly dropped: Counts
}
type Deliveries = { readonly alerts: readonly Delivery[]; readonly flows: readonly Delivery[] }
type Sent = Delivery & { readonly what: string }

const KERNEL: Readonly<Record<string, string>> = {
  allowed: 'let through by the kernel',
  denied: 'refused by the kernel',
}
const SENT: readonly Column<Sent>[] = [
  { title: 'To', main: true, cell: ({ target }) => target },
  { title: 'What', cell: ({ what }) => what },
  { title: 'Sent', number: true, cell: ({ sent }) => count(sent) },
  { title: 'Waiting', number: true, cell: ({ waiting }) => count(waiting) },
  { title: 'Failures', number: true, cell: ({ failures }) => count(failures) },
  { title: 'Dropped', number: true, cell: ({ dropped }) => count(sum(dropped)) },
]

/** What guards this host, since when, what it counts, and where alerts and flows are sent. */
export function HostFacts(): VNode {
  const { data, error } = useLoaded('status', () => get<Status>('/status'), ['policy', 'stored'])
  const sent = useLoaded('deliveries', () => get<Deliveries>('/deliveries'), ['alerts', 'stored'])
  if (data === null) return html`<${Problem} error=${error} />`
  const { alerts = [], flows = [] } = sent.data ?? {}
  return html`<section>
      <h2>This host</h2>
      <${Problem} error=${error ?? sent.error} />
      <dl class="pairs">
        ${factsOf(data).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </section>
    <section>
      <h2>Where alerts and flows are sent</h2>
      <${DataTable}
        caption="Where alerts and flows are sent"
        columns=${SENT}
        rows=${[...alerts.map((each) => ({ ...each, what: 'alerts' })), ...flows.map((each) => ({ ...each, what: 'flows' }))]}
        empty=${html`They stay on this host. To a webhook, syslog, mail or OpenTelemetry they go with${' '}
          <code>sallyport up --alerts-to TARGET</code> or <code>--flows-to TARGET</code>.`}
      />
    </section>`
}

function factsOf({
  policy,
  startedMs,
  guarding,
  pid,
  kernel,
  spool,
  layingOut,
  room,
}: Status): readonly (readonly [string, string])[] {
  const mode = policy.mode === 'enforce' ? 'enforces' : 'only watches'
  return [
    ['policy', policy.version === null ? `none applied, ${mode}` : `version ${policy.version}, ${mode}`],
    ['guards', guarding ?? ''],
    ['since', startedMs === undefined ? '' : time(startedMs)],
    ['process', String(pid ?? '')],
    ...Object.entries(kernel ?? {}).map(([name, value]) => [KERNEL[name] ?? words(name), count(value)] as const),
    ...(spool?.spooled === undefined ? [] : [['flows recorded since then', count(spool.spooled)] as const]),
    ...(spool?.dropped === undefined ? [] : [['flows not recorded', count(sum(spool.dropped))] as const]),
    ...(layingOut === null || layingOut === undefined
      ? []
      : [
          [
            'still laid out as before',
            `${count(layingOut.rowsLeft)} of ${count(layingOut.rows)} stored flows`,
          ] as const,
        ]),
    ...(room === null || room === undefined ? [] : roomFacts(room)),
  ]
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, each) => all + each, 0)
}

function roomFacts(room: NonNullable<Status['room']>): readonly (readonly [string, string])[] {
  const short = room.isShort ? ', as the disk has little left' : ''
  return [
    ['stored flows take', `${bytes(room.bytes)} of at most ${bytes(room.limitBytes)}${short}`],
    ...(room.oldestMs === null ? [] : [['oldest stored flow', time(room.oldestMs)] as const]),
    ...(room.removedFlows === 0 ? [] : [['removed to make room', `${count(room.removedFlows)} flows`] as const]),
  ]
}
