import { join, resolve } from 'node:path'
import { serveHost, type Guarding } from '@sallyport/agent'
import { readOidcSettings } from '@sallyport/console'
import { parseTarget } from '@sallyport/deliver'
import { SallyportError, type Mode } from '@sallyport/policy'
import { isServerAddress, parsePostgresUrl, parseServerAddress } from '@sallyport/store'
import { author } from './input/author.ts'
import { followHostFeeds, hostWorldReader } from './input/host-world.ts'
import { namesInForce } from './input/known-names.ts'
import { readPolicyTexts } from './input/policy-texts.ts'
import { parseEndpoint } from './input/resolver-addresses.ts'
import { keepDesk } from './keep-desk.ts'
import { FeedCounters } from './output/feed-metrics.ts'
import { openReport, type FlowReport } from './output/flow-report.ts'
import { announceDesk, announceHost } from './output/host-ready.ts'
import { note } from './output/print.ts'

/** Options that every command has which guards until it is told to stop. */
export type GuardedOptions = {
  readonly policy: readonly string[]
  readonly mode?: Mode
  /** Where the console and the API answer. */
  readonly listen: string
  readonly console: boolean
  readonly feed: readonly string[]
  readonly alertsTo: readonly string[]
  readonly flowsTo: readonly string[]
  /** A ClickHouse server, in place of the store in the state directory. */
  readonly store?: string
  readonly oidc?: string
  readonly keepDays: number
  readonly state: string
  readonly stateStore?: string
  readonly report?: string
  readonly json?: boolean
}

export const tell = (text: string): void => note(`sallyport: ${text}`)

/** Aborts at SIGTERM and SIGINT, which do not end the process any more. */
export function stopSignal(): AbortSignal {
  const stopped = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort())
  return stopped.signal
}

/** Runs until it is stopped, and leaves nothing in the kernel then. */
export async function serveGuarded(
  options: GuardedOptions,
  guarding: Guarding,
  stopped: AbortSignal,
  feedCounters: FeedCounters = new FeedCounters(),
): Promise<void> {
  const listen = parseEndpoint('--listen', options.listen)
  const asJson = options.json === true
  const stateStore = checkedStore(options)
  const oidc = checkedOidc(options)
  const { alertsTo, flowsTo } = checkedTargets(options)
  const store = checkedFlowStore(options)
  await using report = await openReport(options.report)
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
        oidc,
      },
      (ready) => announceDesk(ready, asJson),
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
      onNotice: tell,
    },
    (status) => {
      announceHost(status, asJson)
      if (options.console) desk = startDesk()
    },
    stopped,
  )
  await desk
}

/** What is wrong with the file is known before anything is guarded. */
function checkedOidc({ oidc, console: hasDesk }: GuardedOptions): string | null {
  if (oidc === undefined) return null
  if (!hasDesk) throw new SallyportError('usage', 'nobody signs in with --no-console')
  readOidcSettings(oidc)
  return resolve(oidc)
}

/** Beside the other state, unless it is a database's. */
function checkedStore({ state, stateStore }: GuardedOptions): string {
  if (stateStore === undefined) return join(state, 'state.db')
  parsePostgresUrl(stateStore)
  return stateStore
}

/** As they were given; what is wrong with one is known before anything is guarded. */
function checkedTargets({
  alertsTo,
  flowsTo,
  console: hasDesk,
}: GuardedOptions): Pick<GuardedOptions, 'alertsTo' | 'flowsTo'> {
  for (const text of alertsTo) parseTarget(text)
  for (const text of flowsTo)
    if (parseTarget(text).kind === 'mail') throw new SallyportError('usage', 'flows are not sent by mail')
  if (!hasDesk && alertsTo.length + flowsTo.length > 0)
    throw new SallyportError('usage', 'nothing is sent with --no-console: the process that would send does not run')
  return { alertsTo, flowsTo }
}

/** As it was given: the desk reads what it names. */
function checkedFlowStore({ store, console: hasDesk }: GuardedOptions): string | null {
  if (store === undefined) return null
  if (!isServerAddress(store))
    throw new SallyportError('usage', `"${store}" is no URL of a ClickHouse server`, {
      remedy: 'Write https://USER@HOST:8443/DATABASE or @FILE; the store in a directory lies in that of --state.',
    })
  parseServerAddress(store)
  if (!hasDesk)
    throw new SallyportError('usage', 'nothing is stored with --no-console: the process that would does not run')
  return store
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
