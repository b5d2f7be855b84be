import { createHash, randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askHost, controlSocket } from '@sallyport/agent'
import { FeedStore } from '@sallyport/catalog'
import { Deliveries, type Target } from '@sallyport/deliver'
import { SallyportError, type Policy, type World } from '@sallyport/policy'
import {
  FlowStore,
  makeDirectory,
  serveStore,
  StateStore,
  storeSocket,
  type Relayout,
  type ServerAddress,
  type StoreRoom,
} from '@sallyport/store'
import type { ApiContext } from '../api/api-context.ts'
import { buildApi } from '../api/build-api.ts'
import { rememberOverviews } from '../api/remember-overviews.ts'
import { FIRST_RUN } from '../api/session-routes.ts'
import type { OidcSettings } from '../oidc/oidc-settings.ts'
import { OidcSignIn } from '../oidc/oidc-sign-in.ts'
import { DeskEvents } from './desk-events.ts'
import { deskWork } from './desk-work.ts'
import { keepOverview } from './keep-overview.ts'
import type { Disk } from './keep-room.ts'
import { listenWhenFree } from './listen-when-free.ts'
import { readNetworkNames } from './network-names.ts'
import { serveAssets } from './serve-assets.ts'

type DeskRequest = {
  readonly stateDirectory: string
  /** A file, or the URL of a PostgreSQL database. */
  readonly stateStore: string
  readonly listen: { readonly address: string; readonly port: number }
  readonly version: string
  /** Where the host keeps its copies of feeds. */
  readonly feedsDirectory: string
  readonly worldFor: (policy: Policy) => Promise<World>
  /** Who else may say who somebody is. */
  readonly oidc?: OidcSettings
  /** Where alerts go, and where flows. */
  readonly deliver?: { readonly alerts: readonly Target[]; readonly flows: readonly Target[] }
  /** In place of the store in the state directory. */
  readonly store?: ServerAddress
  /** How long flows and alerts are kept. */
  readonly keepDays: number
  /** What the store may take of its disk; null: what is safe. */
  readonly keepBytes: number | null
  readonly onNotice: (text: string) => void
  /** The console does not answer yet; everything else goes on. */
  readonly onUnavailable: (error: SallyportError) => void
  /** How far stored flows of an earlier version are laid out as this one does. */
  readonly onLayingOut: (progress: Relayout) => void
  readonly onRoom: (room: StoreRoom) => void
}

/** `token` makes the first account; null when there is one. */
export type DeskReady = { readonly url: string; readonly token: string | null }

const AGAIN_MS = 5000
const LOOPBACK = /^(127\.|::1$)/

/** Throws `usage`: the console is plain HTTP. */
export function requireLoopback(address: string): void {
  if (LOOPBACK.test(address)) return
  throw new SallyportError('usage', `the console listens on loopback only, not on ${address}`, {
    remedy: 'Reach it from elsewhere through SSH: ssh -L 7117:127.0.0.1:7117 HOST.',
  })
}

/**
 * Everything about a guarded host that does not guard it: stores flows, looks for what is unusual, answers the API and the
 * console. It may fail or be slow without any effect on what is enforced.
 */
export async function serveDesk(
  request: DeskRequest,
  onReady: (ready: DeskReady) => void,
  signal: AbortSignal,
): Promise<void> {
  const { stateDirectory, listen, onNotice } = request
  requireLoopback(listen.address)
  await using scope = new AsyncDisposableStack()
  const directory = join(stateDirectory, 'flows')
  makeDirectory(directory, 0o700)
  const state = scope.use(await StateStore.open(request.stateStore))
  const store = scope.use(await FlowStore.open(request.store ?? directory))
  const events = new DeskEvents()
  const nowMs = (): number => Date.now()
  const origin = { host: hostname(), version: request.version, pid: process.pid }
  const deliveries = (what: 'alerts' | 'flows'): Deliveries => {
    const path = join(stateDirectory, `waiting-${what}.db`)
    return scope.use(new Deliveries(request.deliver?.[what] ?? [], { path, origin, onNotice }))
  }
  const [alertsOut, flowsOut] = [deliveries('alerts'), deliveries('flows')]
  const overviews = rememberOverviews({ flows: store, state, events, nowMs })
  const context: ApiContext = {
    flows: store,
    state,
    events,
    nowMs,
    overviews,
    oidc: request.oidc === undefined ? null : new OidcSignIn(request.oidc, nowMs),
    feeds: new FeedStore(request.feedsDirectory),
    networkNames: readNetworkNames(),
    worldFor: request.worldFor,
    deliveries: () => ({ alerts: alertsOut.status(), flows: flowsOut.status() }),
    askHost: (path, body) => askHost(controlSocket(stateDirectory), path, body),
  }
  const app = buildApi(context, request.version, (error) =>
    onNotice(`a request to the API failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  )
  serveAssets(app)
  scope.defer(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  scope.use(await serveStore(storeSocket(stateDirectory), store))
  const disk = request.store === undefined ? (): Disk => diskOf(directory) : null
  const working = deskWork({ ...request, store, disk, state, events, alertsOut, flowsOut, nowMs }, signal)
  const answering = listenWhenFree(app, listen, request.onUnavailable, signal).then((url) =>
    url === null ? undefined : announce(state, url, onReady, signal),
  )
  await Promise.all([...working, answering, keepOverview(overviews, signal)])
}

function diskOf(directory: string): Disk {
  const { blocks, bavail, bsize } = statfsSync(directory)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}

/** When the state store answers, without which nobody can sign in. */
async function announce(
  state: StateStore,
  url: string,
  onReady: (ready: DeskReady) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return onReady({ url, token: await firstRunToken(state, Date.now()) })
    } catch (error) {
      if (!(error instanceof SallyportError && error.code === 'state-unavailable')) throw error
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
    }
  }
}

/** Each start that finds no account makes a new one, and the one before is worth nothing any more. */
async function firstRunToken(state: StateStore, nowMs: number): Promise<string | null> {
  if ((await state.users.list()).length > 0) {
    await state.settings.delete(FIRST_RUN)
    return null
  }
  const token = randomBytes(24).toString('base64url')
  await state.settings.set(FIRST_RUN, createHash('sha256').update(token).digest('hex'), 'sallyport', nowMs)
  return token
}
