import { once } from 'node:events'

/** Aborts at SIGTERM and SIGINT, which do not end the process any more. */
export function stopSignal(): AbortSignal {
  const stopped = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort())
  return stopped.signal
}

export async function untilStopped(): Promise<void> {
  await once(stopSignal(), 'abort')
}
