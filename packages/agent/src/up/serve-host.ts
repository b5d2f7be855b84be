import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dropWhatWasReplaced, returnLargeBlocks } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import { NOTHING_LOST, type Lost } from '@sallyport/kernel'
import { SallyportError, type KnownNames, type Mode, type Policy, type World } from '@sallyport/policy'
import { FlowSpool, isPostgresUrl, StateStore, type PolicyFile, type SpoolCounters } from '@sallyport/store'
import { askHost } from './control-client.ts'
import { serveControl } from './control-server.ts'
import { HostControl, type HostPolicyStatus } from './host-control.ts'
import { NOTHING_HELD } from './held-policies.ts'
import { PolicyCopy } from './policy-copy.ts'

type HostRequest = {
  /** Spool, sockets, and the state store where it is on this host. */
  readonly stateDirectory: string
  /** Where the state store is: a file, or the URL of a PostgreSQL database. */
  readonly stateStore: string
  readonly guarding: Guarding
  /** Applied at the start, when not empty. */
  readonly files: readonly PolicyFile[]
  readonly mode: Mode | null
  readonly author: string
  readonly worldFor: (policy: Policy) => Promise<World>
  /** The sets that a policy may speak of. */
  readonly namesFor: (policy: Policy) => Promise<KnownNames>
  /** Keeps what the world is made of fresh, until disposed. */
  readonly followWorld?: (host: FollowedHost) => FollowedWorld
  readonly onNotice: (text: string) => void
}

/** What enforces the policy of this host. */
export type Guard = AsyncDisposable & {
  /** Puts a policy in force as a whole, or throws and leaves the one before. */
  readonly apply: (policy: Policy, world: World) => Promise<void>
  readonly counters: () => object | null
  /** What was lost since it was taken last; when it has ended, by then. */
  readonly takeLost: () => Lost
}

export type Guarding = {
  /** For whoever asks what is guarded. */
  readonly what: string
  readonly open: (policy: Policy, world: World, onFlow: (record: FlowRecord) => void) => Promise<Guard>
}

export type FollowedHost = {
  readonly policy: () => Policy
  /** Puts the policy in force once more, with the world as it is now. */
  readonly readAgain: (because: string) => Promise<void>
}

export type FollowedWorld = Disposable & {
  readonly feeds: () => readonly HostFeed[]
  /** Looks for a new copy of a feed now. Throws `name-unknown`. */
  readonly refresh: (name: string) => Promise<HostFeedLook>
}

export type HostFeedLook = {
  readonly outcome: 'updated' | 'unchanged' | 'held' | 'failed'
  readonly reason: string | null
}

/** A feed of the policy, as the host last looked at it. */
export type HostFeed = {
  readonly name: string
  /** 0: no copy is in force. */
  readonly entries: number
  readonly fetchedMs: number | null
  readonly checkedMs: number | null
  /** Why the last check brought nothing, or why the copy that it brought is held back. */
  readonly problem: string | null
}

export type HostStatus = {
  readonly policy: HostPolicyStatus
  readonly startedMs: number
  readonly guarding: string
  readonly pid: number
  readonly kernel: object | null
  readonly spool: SpoolCounters
  readonly feeds: readonly HostFeed[]
}

/** How soon a trial ends after its time, and how often the kernel's losses are looked at. */
const TICK_MS = 250
const SEGMENT_AGE_MS = 1000
const CATCH_UP_MS = 5000
/** By then nobody holds what a policy was made from any more. */
const SETTLED_MS = 2000

export function controlSocket(stateDirectory: string): string {
  return join(stateDirectory, 'control.sock')
}

/** Guards this host until the signal. `onReady` comes when the policy is in force and the control socket answers. */
export async function serveHost(
  request: HostRequest,
  onReady: (status: HostStatus) => void,
  signal: AbortSignal,
): Promise<void> {
  const { stateDirectory, onNotice } = request
  await requireAlone(controlSocket(stateDirectory))
  returnLargeBlocks()
  await using scope = new AsyncDisposableStack()
  const state = scope.use(await StateStore.open(request.stateStore))
  const spool = scope.use(FlowSpool.open({ directory: join(stateDirectory, 'spool'), segmentAgeMs: SEGMENT_AGE_MS }))
  let guard: Guard | null = null
  const recordLost = (): void => {
    const { events, ends } = guard?.takeLost() ?? NOTHING_LOST
    spool.drop('kernel-events', events)
    spool.drop('kernel-ends', ends)
  }
  scope.defer(async () => {
    await guard?.[Symbol.asyncDispose]()
    recordLost()
  })
  const control = new HostControl({
    state,
    copy: isPostgresUrl(request.stateStore) ? new PolicyCopy(stateDirectory) : null,
    worldFor: request.worldFor,
    namesFor: request.namesFor,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    onNotice,
    enforce: async (policy, world) => {
      if (guard !== null) await guard.apply(policy, world)
      else guard = await request.guarding.open(policy, world, (record) => spool.append(record))
      setTimeout(dropWhatWasReplaced, SETTLED_MS).unref()
    },
  })
  await startWhenKnown(control, request, signal)
  if (signal.aborted) return
  const startedMs = Date.now()
  const followed = request.followWorld?.({
    policy: () => control.policy!,
    readAgain: (because) => control.readWorldAgain(because),
  })
  if (followed !== undefined) scope.use(followed)
  const status = (): HostStatus => ({
    policy: control.status(),
    startedMs,
    guarding: request.guarding.what,
    pid: process.pid,
    kernel: guard?.counters() ?? null,
    spool: spool.counters(),
    feeds: followed?.feeds() ?? [],
  })
  const refreshFeed = async (name: string, by: string): Promise<HostFeedLook> => {
    if (followed === undefined) throw new SallyportError('name-unknown', 'nothing follows the feeds of this host')
    await control.record(by, 'refresh feed', name)
    return followed.refresh(name)
  }
  scope.use(await serveControl(controlSocket(stateDirectory), control, status, refreshFeed))
  onReady(status())
  const caughtUp = keepCatchingUp(control, signal)
  while (!signal.aborted) {
    await control.tick().catch((error: Error) => onNotice(`the policy before cannot be put in force: ${error.message}`))
    recordLost()
    await sleep(TICK_MS, undefined, { signal }).catch(() => {})
  }
  await caughtUp
}

/** Beside the ticks: a database may take seconds to say no. */
async function keepCatchingUp(control: HostControl, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await control.catchUp()
    await sleep(CATCH_UP_MS, undefined, { signal }).catch(() => {})
  }
}

/** Two that guard one host would take each other's pins away. */
async function requireAlone(socket: string): Promise<void> {
  const answer = await askHost(socket, '/status').catch((error: unknown) => error)
  if (answer instanceof SallyportError && answer.code === 'host-not-running') return
  throw new SallyportError('usage', 'another sallyport guards this host already', {
    remedy: '`sallyport status` shows it; `sallyport apply` changes its policy.',
  })
}

/** A database that is away at the very first start is no reason to give up: whoever starts us might not try again. */
async function startWhenKnown(control: HostControl, request: HostRequest, signal: AbortSignal): Promise<void> {
  for (let isTold = false; !signal.aborted; isTold = true) {
    try {
      return await start(control, request)
    } catch (error) {
      const isAway = error instanceof SallyportError && error.code === 'state-unavailable'
      if (!isAway || !isPostgresUrl(request.stateStore)) throw error
      if (!isTold) request.onNotice(`nothing is guarded until the state store answers: ${error.message}`)
    }
    await sleep(CATCH_UP_MS, undefined, { signal }).catch(() => {})
  }
}

/** Policies named on the command line are a change like any other; else what was in force before holds again. */
async function start(control: HostControl, { files, mode, author }: HostRequest): Promise<void> {
  if (files.length === 0 && mode === null) return control.resume()
  // Files that are given are guarded by, whatever was; without any, a host must not be left without its policy unnoticed.
  const { current } = await control.recall(files.length > 0 ? NOTHING_HELD : null)
  const reason = 'sallyport up'
  if (files.length > 0)
    await control.apply({ files, mode: mode ?? current?.mode ?? 'monitor', author, reason, confirmSeconds: null })
  else if (mode !== null && current !== null && current.mode !== mode)
    await control.apply({ files: current.files, mode, author, reason, confirmSeconds: null })
  else await control.resume()
}
