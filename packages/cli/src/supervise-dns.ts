import { fork } from 'node:child_process'
import { keepStandby, openSharedSockets, STANDBY_VARIABLE, type ListenEndpoint } from '@sallyport/dns'
import { parseListen } from './input/resolver-addresses.ts'
import { cannotListen } from './output/cannot-listen.ts'
import { note } from './output/print.ts'
import { stopSignal } from './stop-signal.ts'

const WORKER_STDIO = ['ignore', 'inherit', 'inherit', 'ipc'] as const

/** The same command line again, in two processes that this one watches over. */
export async function superviseDns(listen: readonly string[]): Promise<number> {
  // Held here, so that what comes between two workers waits for the second.
  const shared = sharedSockets(listen.map(parseListen))
  const standby = keepStandby({
    spawn: () =>
      fork(process.argv[1]!, process.argv.slice(2), {
        env: { ...process.env, [STANDBY_VARIABLE]: '1' },
        stdio: [...WORKER_STDIO, ...shared.map(({ fd }) => fd)],
      }),
    sockets: shared.map((socket, index) => ({ ...socket, fd: WORKER_STDIO.length + index })),
    note,
    signal: stopSignal(),
  })
  process.on('SIGHUP', standby.reload)
  const code = await standby.ended
  process.off('SIGHUP', standby.reload)
  return code
}

function sharedSockets(listen: readonly ListenEndpoint[]): ReturnType<typeof openSharedSockets> {
  try {
    return openSharedSockets(listen)
  } catch (error) {
    throw resolverCannotListen(error)
  }
}

export function resolverCannotListen(error: unknown): unknown {
  return cannotListen(error, { code: 'resolver-unavailable', name: 'resolver', show: 'ss -lnptu' })
}
