import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dropWhatWasReplaced, returnLargeBlocks } from '@sallyport/dns'
import { NOTHING_LOST } from '@sallyport/kernel'
import { SallyportError, type KnownNames, type Policy, type World } from '@sallyport/policy'
import { FlowSpool, isPostgresUrl, StateStore, type Relayout, type StoreRoom } from '@sallyport/store'
import { askHost } from './control-client.ts'
import { serveControl } from './control-server.ts'
import type { FollowedHost, FollowedWorld, HostFeedLook } from './followed-world.ts'
import type { Guard, Guarding } from './guarding.ts'
import { HostControl } from './host-control.ts'
import { enforces } from './host-policy.ts'
import type { HostStatus } from './host-status.ts'
import { MAKE_WAY } from './make-way.ts'
import { PolicyCopy } from './policy-copy.ts'
import { startWhenKnown, type StartRequest } from './start-host.ts'

type HostRequest = StartRequest & {
  /** Spool, sockets, and the state store where it is on this host. */
  readonly stateDirectory: string
  readonly guarding: Guarding
  readonly worldFor: (policy: Policy) => Promise<World>
  /** The sets that a policy may speak of. */
  readonly namesFor: (policy: Policy) => Promise<KnownNames>
  /** Keeps what the world is made of fresh, until disposed. */
  readonly followWorld?: (host: FollowedHost) => FollowedWorld
  /** Of flows that an earlier version stored, as whoever stores them said last; null: nothing is left, or nobody said. */
  readonly layingOut: () => Relayout | null
  /** What the store takes of its disk, as whoever stores said last. */
  readonly room: () => StoreRoom | null
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

/**
 * Guards this host until the signal. A reason of `MAKE_WAY` leaves what enforces in the kernel; the process has to exit by itself then.
 * `onReady` comes when the policy is in force and the control socket answers.
 */
export async function serveHost(
  request: HostRequest,
  onReady: (status: () => HostStatus) => void,
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
  scope.defer(async () => {
    if (signal.reason === MAKE_WAY && control.policy !== null && enforces(control.policy)) {
      // It enforces on in the kernel, and tells what it decides as long as this process is there.
      process.once('exit', () => spool[Symbol.dispose]())
    } else await guard?.[Symbol.asyncDispose]()
    recordLost()
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
    layingOut: request.layingOut(),
    room: request.room(),
    feeds: followed?.feeds() ?? [],
  })
  const refreshFeed = async (name: string, by: string): Promise<HostFeedLook> => {
    if (followed === undefined) throw new SallyportError('name-unknown', 'nothing follows the feeds of this host')
    await control.record(by, 'refresh feed', name)
    return followed.refresh(name)
  }
  scope.use(await serveControl(controlSocket(stateDirectory), control, status, refreshFeed))
  onReady(status)
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
