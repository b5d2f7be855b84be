import { MAKE_WAY, serveHost, type Guarding, type HostStatus } from '@sallyport/agent'
import { requireLoopback } from '@sallyport/console'
import { serveMetrics } from '@sallyport/dns'
import type { Relayout, StoreRoom } from '@sallyport/store'
import { author } from './input/author.ts'
import {
  checkedFlowStore,
  checkedKeepBytes,
  checkedOidc,
  checkedStore,
  checkedTargets,
  type GuardedOptions,
} from './input/guarded-options.ts'
import { followHostFeeds, hostWorldReader } from './input/host-world.ts'
import { namesInForce } from './input/known-names.ts'
import { readPolicyTexts } from './input/policy-texts.ts'
import { parseEndpoint } from './input/resolver-addresses.ts'
import { keepDesk, type DeskMessage } from './keep-desk.ts'
import { FeedCounters, formatFeedMetrics } from './output/feed-metrics.ts'
import { openReport, type FlowReport } from './output/flow-report.ts'
import { announceDesk, announceHost, reportDesk } from './output/host-ready.ts'
import { note } from './output/print.ts'
import { formatRecordingMetrics } from './output/recording-metrics.ts'

export const tell = (text: string): void => note(`sallyport: ${text}`)

/** Runs until it is stopped, and leaves nothing in the kernel then. */
export async function serveGuarded(
  options: GuardedOptions,
  guarding: Guarding,
  stopped: AbortSignal,
  /** Of what guards; empty before it does. */
  metricsOfGuard: () => string,
): Promise<void> {
  const listen = parseEndpoint('--listen', options.listen)
  if (options.console) requireLoopback(listen.address)
  const asJson = options.json === true
  const stateStore = checkedStore(options)
  const oidc = checkedOidc(options)
  const { alertsTo, flowsTo } = checkedTargets(options)
  const store = checkedFlowStore(options)
  const metricsAt = options.metrics === undefined ? null : parseEndpoint('--metrics', options.metrics)
  await using report = await openReport(options.report)
  const feedCounters = new FeedCounters()
  let status: (() => HostStatus) | null = null
  let layingOut: Relayout | null = null
  let room: StoreRoom | null = null
  const onDesk = (message: DeskMessage): void => {
    if (message.kind === 'ready') announceDesk(message.ready, asJson)
    else if (message.kind === 'unavailable') reportDesk(message.failure, asJson)
    else if (message.kind === 'room') room = message.room
    else layingOut = message.progress.rowsLeft === 0 ? null : message.progress
  }
  const metricsText = (): string =>
    status === null ? '' : metricsOfGuard() + formatFeedMetrics(feedCounters) + formatRecordingMetrics(status())
  await using _metrics = metricsAt === null ? null : await serveMetrics(metricsAt, metricsText)
  let desk: Promise<void> = Promise.resolve()
  const startDesk = (): Promise<void> =>
    keepDesk(
      {
        stateDirectory: options.state,
        stateStore,
        listen,
        feeds: options.feed,
        alertsTo,
        flowsTo,
        store,
        keepDays: options.keepDays,
        keepBytes: checkedKeepBytes(options),
        oidc,
      },
      onDesk,
      tell,
      stopped,
    )
  await serveHost(
    {
      stateDirectory: options.state,
      stateStore,
      guarding: reported(guarding, report),
      files: await readPolicyTexts(options.policy),
      mode: options.mode ?? null,
      author: author(),
      worldFor: await hostWorldReader(options.feed),
      namesFor: (policy) => namesInForce(policy, options.feed),
      followWorld: (host) => followHostFeeds(options.feed, host, feedCounters),
      layingOut: () => layingOut,
      room: () => room,
      onNotice: tell,
    },
    (answers) => {
      status = answers
      announceHost(answers(), asJson)
      if (options.console) desk = startDesk()
    },
    stoppedAfter(() => desk, stopped),
  )
  await desk
}

/** Who makes way answers and records for as long as the desk takes to end: the next one needs its store. */
function stoppedAfter(desk: () => Promise<void>, stopped: AbortSignal): AbortSignal {
  const later = new AbortController()
  const stop = async (): Promise<void> => {
    if (stopped.reason === MAKE_WAY) await desk()
    later.abort(stopped.reason)
  }
  if (stopped.aborted) void stop()
  else stopped.addEventListener('abort', () => void stop(), { once: true })
  return later.signal
}

/** Flows go to the report, beside the spool. */
function reported({ what, open }: Guarding, report: FlowReport): Guarding {
  return {
    what,
    open: (policy, world, onFlow) =>
      open(policy, world, (record) => {
        report.write(record)
        onFlow(record)
      }),
  }
}
