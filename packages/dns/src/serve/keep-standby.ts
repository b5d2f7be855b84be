import type { ChildProcess } from 'node:child_process'
import type { Endpoint, ListenEndpoint } from '../options.ts'
import type { SharedSocket } from './shared-sockets.ts'

/** Where the resolver answers: one that takes over does so at the same place. */
export type Place = { readonly endpoints: readonly ListenEndpoint[]; readonly metrics: Endpoint | null }

/** What a worker says, and what it is told, over the channel between the two processes. */
export type FromWorker = { readonly event: 'loaded' } | ({ readonly event: 'ready' } & Place)
export type ToWorker = {
  readonly event: 'serve'
  readonly place: Place | null
  readonly sockets: readonly SharedSocket[]
}

type StandbyOptions = {
  /** Starts a worker with a channel for messages. */
  readonly spawn: () => ChildProcess
  /** With the numbers that they have in a worker. */
  readonly sockets: readonly SharedSocket[]
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

type Standby = {
  /** Resolves with the exit code of the service: 0 once stopped, that of the first worker when it never got to answer. */
  readonly ended: Promise<number>
  /** Policy, feeds and certificate are read again: by the worker that answers, and by a new one that stands by. */
  readonly reload: () => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 30_000
/** Who answered for so long is not caught in a circle of failures. */
const STEADY_MS = 60_000

/** Two workers: one answers, the other has read everything and takes the place of the first at the moment it ends. */
export function keepStandby({ spawn, sockets, note, signal }: StandbyOptions): Standby {
  const ended = Promise.withResolvers<number>()
  const workers = new Set<ChildProcess>()
  let active: ChildProcess | null = null
  let ready: ChildProcess | null = null
  let place: Place | null = null
  let pauseMs = FIRST_PAUSE_MS
  let sinceMs = 0

  const promote = (worker: ChildProcess): void => {
    active = worker
    if (ready === worker) ready = null
    tell(worker, { event: 'serve', place, sockets })
  }
  const take = (worker: ChildProcess, message: FromWorker): void => {
    if (message.event === 'loaded') {
      if (active === null) promote(worker)
      else {
        ready = worker
        note('sallyport: another process stands by')
      }
      return
    }
    place = { endpoints: message.endpoints, metrics: message.metrics }
    sinceMs = performance.now()
    start()
  }
  const lost = (worker: ChildProcess, code: number | null, by: NodeJS.Signals | null): void => {
    workers.delete(worker)
    if (ready === worker) ready = null
    const wasActive = active === worker
    if (wasActive) active = null
    if (signal.aborted) return void (workers.size === 0 && ended.resolve(0))
    if (place === null) return ended.resolve(code ?? 3)
    if (performance.now() - sinceMs > STEADY_MS) pauseMs = FIRST_PAUSE_MS
    if (wasActive) note(`sallyport: the resolver ended (${by ?? `exit code ${code}`})`)
    if (wasActive && ready !== null) return promote(ready)
    setTimeout(start, pauseMs)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
  }
  const start = (): void => {
    if (signal.aborted || ready !== null || workers.size > (active === null ? 0 : 1)) return
    const worker = spawn()
    workers.add(worker)
    worker.on('message', (message) => take(worker, message as FromWorker))
    worker.once('exit', (code, by) => lost(worker, code, by))
    worker.on('error', (error) => note(`sallyport: ${error.message}`))
  }
  const standingBy = (): ChildProcess[] => [...workers].filter((worker) => worker !== active)

  signal.addEventListener('abort', () => {
    for (const worker of standingBy()) worker.kill('SIGKILL')
    // It answers what is in flight first.
    active?.kill('SIGTERM')
    if (workers.size === 0) ended.resolve(0)
  })
  start()
  return {
    ended: ended.promise,
    reload: () => {
      active?.kill('SIGHUP')
      for (const worker of standingBy()) worker.kill('SIGKILL')
    },
  }
}

function tell(worker: ChildProcess, message: ToWorker): void {
  worker.send(message, () => {})
}
