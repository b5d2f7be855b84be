import { join } from 'node:path'
import { readOidcSettings, serveDesk } from '@sallyport/console'
import { parseTarget } from '@sallyport/deliver'
import { parseServerAddress } from '@sallyport/store'
import { reportFailure } from './failure.ts'
import { stateDirectory as stateDirectoryOf } from './input/state-directory.ts'
import { readWorldApart } from './input/world.ts'
import { note } from './output/print.ts'
import type { DeskArguments, DeskMessage } from './keep-desk.ts'
import { version } from './version.ts'

/** The process beside `sallyport up` that stores and shows; it tells its parent when it answers. */
const { stateDirectory, stateStore, listen, feeds, alertsTo, flowsTo, store, keepDays, keepBytes, oidc } = JSON.parse(
  process.argv[2] ?? '',
) as DeskArguments
const tell = (message: DeskMessage): void => void process.send?.(message)
const stopped = new AbortController()
process.once('SIGTERM', () => stopped.abort())
// Of the terminal: the parent ends us when it has ended what it guards.
process.on('SIGINT', () => {})
process.once('disconnect', () => stopped.abort())
try {
  await serveDesk(
    {
      stateDirectory,
      stateStore,
      listen,
      version: version(),
      feedsDirectory: join(stateDirectoryOf(), 'feeds'),
      worldFor: (policy) => readWorldApart(feeds, policy),
      ...(oidc === null ? {} : { oidc: readOidcSettings(oidc) }),
      deliver: { alerts: alertsTo.map(parseTarget), flows: flowsTo.map(parseTarget) },
      keepDays,
      keepBytes,
      ...(store === null ? {} : { store: parseServerAddress(store) }),
      onNotice: (text) => note(`sallyport: ${text}`),
      onUnavailable: ({ code, message, remedy }) => tell({ kind: 'unavailable', failure: { code, message, remedy } }),
      onLayingOut: (progress) => tell({ kind: 'laying-out', progress }),
      onRoom: (room) => tell({ kind: 'room', room }),
    },
    (ready) => tell({ kind: 'ready', ready }),
    stopped.signal,
  )
  process.exitCode = 0
} catch (error) {
  process.exitCode = reportFailure(error, false)
}
process.disconnect?.()
