import type { Spending } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import type { ProxyCommandOptions } from './proxy-options.ts'
import { sharedWithWorker } from './shared-with-workers.ts'
import { startProxyProcess, type ProxyProcess } from './proxy-process.ts'
import type { FromWorker, ToWorker } from './worker-words.ts'

/** The life of one worker: until it is told to drain, or its parent is gone. */
export async function runProxyWorker(options: ProxyCommandOptions): Promise<number> {
  // Signals are for the parent, which says what to do; a terminal sends them to all.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => {})
  const asked = new Map<number, (fits: boolean) => void>()
  let asks = 0
  const spend = (spending: Spending): Promise<boolean> =>
    new Promise((resolve) => {
      const id = ++asks
      asked.set(id, resolve)
      tell({ kind: 'spend', id, spending })
    })
  let proxy: ProxyProcess
  try {
    proxy = await startProxyProcess(options, spend, sharedWithWorker())
  } catch (error) {
    tell(failedWord(error))
    process.disconnect?.()
    return 3
  }
  const drained = Promise.withResolvers<void>()
  process.on('disconnect', () => drained.resolve())
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'counts':
        return tell({ kind: 'counts', id: message.id, counts: proxy.counts() })
      case 'reload':
        return void proxy.reload().then(
          () => tell({ kind: 'reloaded', problem: null }),
          (error: Error) => tell({ kind: 'reloaded', problem: error.message }),
        )
      case 'spent':
        asked.get(message.id)?.(message.fits)
        return void asked.delete(message.id)
      case 'drain':
        return void proxy.drain().then(drained.resolve)
    }
  })
  tell({ kind: 'ready', endpoints: proxy.endpoints })
  await drained.promise
  await proxy[Symbol.asyncDispose]()
  if (process.connected) process.disconnect?.()
  return 0
}

function failedWord(error: unknown): FromWorker {
  if (error instanceof SallyportError) {
    const { code, message, remedy } = error
    return { kind: 'failed', code, message, remedy }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: 'failed', code: 'internal', message: `unexpected: ${text}`, remedy: 'Report it with the text shown.' }
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message)
}
