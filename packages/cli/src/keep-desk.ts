import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DeskReady } from '@sallyport/console'
import type { SallyportError } from '@sallyport/policy'
import type { Relayout, StoreRoom } from '@sallyport/store'

export type DeskArguments = {
  readonly stateDirectory: string
  readonly stateStore: string
  readonly listen: { readonly address: string; readonly port: number }
  readonly feeds: readonly string[]
  readonly alertsTo: readonly string[]
  readonly flowsTo: readonly string[]
  readonly store: string | null
  readonly keepDays: number
  readonly keepBytes: number | null
  /** A file that says how to sign in elsewhere. */
  readonly oidc: string | null
}

/** What the desk tells the process that guards. */
export type DeskMessage =
  | { readonly kind: 'ready'; readonly ready: DeskReady }
  | { readonly kind: 'unavailable'; readonly failure: Pick<SallyportError, 'code' | 'message' | 'remedy'> }
  | { readonly kind: 'laying-out'; readonly progress: Relayout }
  | { readonly kind: 'room'; readonly room: StoreRoom }

const MAIN = fileURLToPath(new URL('./desk-main.ts', import.meta.url))
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000
const PATIENCE_MS = 10_000
/** Bad usage: the same again would end the same. A store that another has open may be free the next time. */
const BAD_USAGE = 2

/**
 * Runs the desk in a process of its own until the signal: whatever happens there, what guards the host answers DNS and reads
 * the kernel's events meanwhile. A desk that dies is started again, after longer and longer pauses.
 */
export async function keepDesk(
  desk: DeskArguments,
  onMessage: (message: DeskMessage) => void,
  onNotice: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    const startedMs = performance.now()
    const child = fork(MAIN, [JSON.stringify(desk)], { execArgv: ['--disable-warning=ExperimentalWarning'] })
    child.on('message', (message) => onMessage(message as DeskMessage))
    const code = await ended(child, signal)
    if (signal.aborted) return
    if (code === BAD_USAGE) return onNotice('there is no console; the host is guarded, flows wait in the spool')
    if (performance.now() - startedMs > MAX_PAUSE_MS) pause = FIRST_PAUSE_MS
    onNotice(`the desk ended unexpectedly; it starts again in ${pause / 1000} s`)
    await sleep(pause, undefined, { signal }).catch(() => {})
    pause = Math.min(pause * 2, MAX_PAUSE_MS)
  }
}

async function ended(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>
  const stop = (): void => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref()
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  const [code] = await exit
  signal.removeEventListener('abort', stop)
  return code
}
