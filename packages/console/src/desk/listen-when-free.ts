import { setTimeout as sleep } from 'node:timers/promises'
import { SallyportError } from '@sallyport/policy'
import type { FastifyInstance } from 'fastify'

const AGAIN_MS = 1000
const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it',
  EADDRNOTAVAIL: 'this host does not have the address',
  EACCES: 'this user may not',
}

/** Where it answers, as soon as it may; null when the signal was first. The first failure is told: who waits for it looks for why. */
export async function listenWhenFree(
  app: FastifyInstance,
  { address, port }: { readonly address: string; readonly port: number },
  onUnavailable: (error: SallyportError) => void,
  signal: AbortSignal,
): Promise<string | null> {
  for (let isTold = false; !signal.aborted; isTold = true) {
    try {
      return await app.listen({ host: address, port })
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
      const why = WHY[code] ?? (cause instanceof Error ? cause.message : String(cause))
      const text = `the console cannot listen on ${address}, port ${port}: ${why}; it is tried again every second`
      if (!isTold) onUnavailable(new SallyportError('console-unavailable', text, { cause }))
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
  }
  return null
}
