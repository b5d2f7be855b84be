import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { SharedBudgets, type Endpoint, type ProxyCounts } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { readProxyPolicy } from '../input/proxy-policy.ts'
import { note } from '../output/print.ts'
import { parseProxyListen } from '../input/proxy-listen.ts'
import type { ProxyCommandOptions } from './proxy-options.ts'
import { shareWithWorkers } from './shared-with-workers.ts'
import type { FromWorker, ToWorker } from './worker-words.ts'

const RESTART_PAUSE_MS = 500
const LONGEST_RESTART_PAUSE_MS = 30_000
const COUNTS_TIMEOUT_MS = 2000

type FirstWord = Extract<FromWorker, { readonly kind: 'ready' | 'failed' }>

export type ProxyWorkers = AsyncDisposable & {
  readonly endpoints: readonly Endpoint[]
  /** Of the workers that answer in time. */
  counts(): Promise<readonly ProxyCounts[]>
  reload(): Promise<void>
  drain(): Promise<void>
}

/**
 * As many processes as `count` that share the listening sockets; one that dies is replaced, and takes nobody else's
 * connections with it. Rejects when the first cannot start.
 */
export async function startProxyWorkers(options: ProxyCommandOptions, count: number): Promise<ProxyWorkers> {
  // Workers accept by themselves: handing each connection over costs more than uneven shares.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const shared = shareWithWorkers(options.listen.map(parseProxyListen))
  cluster.setupPrimary({ args: process.argv.slice(2), stdio: shared.stdio })
  const stopping = new AbortController()
  /** With what each has said first: what it is told before then is lost. */
  const workers = new Map<Worker, Promise<FirstWord>>()
  const budgets = new SharedBudgets()
  const start = async (): Promise<readonly Endpoint[]> => {
    const worker = cluster.fork(shared.environment)
    const first = firstWord(worker)
    workers.set(worker, first)
    worker.on('message', (message: FromWorker) => {
      if (message.kind !== 'spend') return
      const { id, spending } = message
      send(worker, { kind: 'spent', id, fits: budgets.spend(spending, performance.now()) })
    })
    const said = await first
    if (said.kind === 'failed') {
      workers.delete(worker)
      const { code, message, remedy } = said
      throw new SallyportError(code as ConstructorParameters<typeof SallyportError>[0], message, { remedy })
    }
    worker.once('exit', (code, signal) => {
      workers.delete(worker)
      if (stopping.signal.aborted) return
      note(`sallyport: a worker ended (${signal ?? code}); another takes its place`)
      void replace(RESTART_PAUSE_MS)
    })
    return said.endpoints
  }
  /** Until one has begun: what keeps it from that, such as a file that is being written, may be over soon. */
  const replace = async (pauseMs: number): Promise<void> => {
    await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
    if (stopping.signal.aborted) return
    await start().catch((error: Error) => {
      note(`sallyport: no worker in its place yet: ${error.message}`)
      return replace(Math.min(2 * pauseMs, LONGEST_RESTART_PAUSE_MS))
    })
  }
  // One first: with port 0 it takes the port that the others share, and what is wrong is said once.
  const endpoints = await start()
  await Promise.all(Array.from({ length: count - 1 }, start))
  let asked = 0
  return {
    endpoints,
    counts: async () => {
      const id = ++asked
      const answers = await Promise.all(
        [...workers.keys()].map((worker) => ask(worker, { kind: 'counts', id }, 'counts')),
      )
      return answers.flatMap((answer) => (answer?.kind === 'counts' ? [answer.counts] : []))
    },
    reload: async () => {
      await readProxyPolicy(options.policy, options.feed)
      // One that is starting may have read the files that were before.
      const answers = await Promise.all(
        [...workers].map(async ([worker, first]) =>
          (await first).kind === 'ready' ? ask(worker, { kind: 'reload' }, 'reloaded') : null,
        ),
      )
      const problem = answers.find((answer) => answer?.kind === 'reloaded' && answer.problem !== null)
      if (problem?.kind === 'reloaded') throw new Error(problem.problem!)
    },
    drain: async () => {
      stopping.abort()
      // What comes now is refused at once.
      shared[Symbol.dispose]()
      await Promise.all([...workers].map(([worker, first]) => drainWorker(worker, first)))
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      shared[Symbol.dispose]()
      for (const worker of workers.keys()) worker.process.kill('SIGKILL')
    },
  }
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message)
}

async function drainWorker(worker: Worker, first: Promise<FirstWord>): Promise<void> {
  const gone = once(worker, 'exit')
  if ((await first).kind === 'ready') send(worker, { kind: 'drain' })
  await gone
}

function firstWord(worker: Worker): Promise<FirstWord> {
  return new Promise((resolve) => {
    const gone = {
      kind: 'failed',
      code: 'internal',
      message: 'a worker ended before it was ready',
      remedy: '',
    } as const
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready' || message.kind === 'failed') resolve(message)
    })
    worker.once('exit', () => resolve(gone))
  })
}

function ask(worker: Worker, message: ToWorker, answer: FromWorker['kind']): Promise<FromWorker | null> {
  return new Promise((resolve) => {
    const done = (said: FromWorker | null): void => {
      clearTimeout(late)
      worker.off('message', onMessage)
      resolve(said)
    }
    const onMessage = (said: FromWorker): void => {
      const isOther = said.kind === 'counts' && message.kind === 'counts' && said.id !== message.id
      if (said.kind === answer && !isOther) done(said)
    }
    const late = setTimeout(done, message.kind === 'counts' ? COUNTS_TIMEOUT_MS : 60_000, null)
    worker.on('message', onMessage)
    worker.once('exit', () => done(null))
    send(worker, message)
  })
}
