import { openSharedListeners, type ListenEndpoint, type SharedListener } from '@sallyport/proxy'
import { proxyCannotListen } from './proxy-process.ts'

const VARIABLE = 'SALLYPORT_PROXY_SOCKETS'
const WORKER_STDIO = ['inherit', 'inherit', 'inherit', 'ipc'] as const

type SharedWithWorkers = Disposable & {
  readonly stdio: ('inherit' | 'ipc' | number)[]
  readonly environment: Readonly<Record<string, string>>
}

/** Sockets that are listened on, as descriptors that every worker inherits: one that takes another's place has them too. */
export function shareWithWorkers(listen: readonly ListenEndpoint[]): SharedWithWorkers {
  try {
    const listeners = openSharedListeners(listen)
    const inWorker = listeners.sockets.map((socket, index) => ({ ...socket, fd: WORKER_STDIO.length + index }))
    return {
      stdio: [...WORKER_STDIO, ...listeners.sockets.map(({ fd }) => fd)],
      environment: { [VARIABLE]: JSON.stringify(inWorker) },
      [Symbol.dispose]: () => listeners[Symbol.dispose](),
    }
  } catch (error) {
    throw proxyCannotListen(error)
  }
}

/** What this worker was given. */
export function sharedWithWorker(): readonly SharedListener[] {
  return JSON.parse(process.env[VARIABLE] ?? '[]') as readonly SharedListener[]
}
