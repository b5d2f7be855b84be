import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import {
  drainSpool,
  FlowStore,
  isServerAddress,
  makeDirectory,
  openShared,
  parseServerAddress,
  SHARED,
  storeSocket,
  type FlowQueries,
} from '@sallyport/store'
import { SallyportError } from '@sallyport/policy'
import { note } from '../output/print.ts'
import { importFlows, openLog } from './import-flows.ts'
import { stateOption } from './state-options.ts'

const DESK_STARTS_TRIES = 60
const DESK_STARTS_PAUSE_MS = 250

export type FlowSource = { readonly flows?: string; readonly store?: string; readonly state: string }

export function addFlowSource(command: Command): Command {
  return command
    .addOption(stateOption().conflicts(['store', 'flows']))
    .addOption(
      new Option(
        '--store <place>',
        'another directory of flows than that in the state; or a ClickHouse server, or @FILE with its URL',
      ).conflicts('flows'),
    )
    .addOption(new Option('--flows <file>', 'a flow log to read instead of the store; - is the standard input'))
}

/** A directory, or the address of a server. */
export function storePlace({ store, state }: FlowSource): string {
  return store ?? join(state, 'flows')
}

/** What answers questions about flows, for as long as it is open. */
export type OpenFlows = FlowQueries &
  Disposable & {
    /** Stores what was spooled since, where nobody else does. */
    readonly takeIn: () => Promise<void>
  }

/** The store on disk; or one in memory's place, for this process, with the flows of a log. */
export async function openFlowSource(source: FlowSource): Promise<OpenFlows> {
  if (source.flows === undefined) return openStore(storePlace(source))
  await using log = await openLog(source.flows)
  const temporary = await FlowStore.open()
  try {
    await importFlows(temporary, log)
    return opened(temporary)
  } catch (error) {
    temporary[Symbol.dispose]()
    throw error
  }
}

/** While `up` has the store of a directory open, it answers for it. A server is asked by itself, and `up` brings it the flows. */
async function openStore(path: string): Promise<OpenFlows> {
  if (isServerAddress(path)) return opened(await FlowStore.open(parseServerAddress(path)))
  const shared = await sharedStore(path)
  if (shared !== null) return shared
  try {
    makeDirectory(path, 0o700)
  } catch (error) {
    throw new SallyportError('store-unavailable', `the directory ${path} cannot be made`, { cause: error })
  }
  let store: FlowStore
  try {
    store = await FlowStore.open(path)
  } catch (error) {
    const late = await sharedSoon(path)
    if (late !== null) return late
    throw error
  }
  // What cannot be stored now stays in the spool.
  const takeIn = (): Promise<void> =>
    drainSpool(join(dirname(path), 'spool'), store).then(
      () => {},
      (error: unknown) =>
        note(
          `the spool beside the store could not be stored: ${error instanceof Error ? error.message : String(error)}`,
        ),
    )
  await takeIn()
  return opened(store, takeIn)
}

function opened(store: FlowStore, takeIn: OpenFlows['takeIn'] = async () => {}): OpenFlows {
  const calls = SHARED.map((method) => [method, store[method].bind(store)] as const)
  return {
    ...(Object.fromEntries(calls) as unknown as FlowQueries),
    takeIn,
    [Symbol.dispose]: () => store[Symbol.dispose](),
  }
}

async function sharedStore(path: string): Promise<OpenFlows | null> {
  const shared = await openShared(storeSocket(dirname(path)))
  return shared === null ? null : { ...shared, takeIn: async () => {}, [Symbol.dispose]: () => {} }
}

/** An `up` that has just started has the store open some seconds before it answers for it. */
async function sharedSoon(path: string): Promise<OpenFlows | null> {
  const { ask } = await import('./host-socket.ts')
  const isGuarded = await ask(dirname(path), '/status').then(
    () => true,
    () => false,
  )
  for (let tries = isGuarded ? DESK_STARTS_TRIES : 0; tries > 0; tries--) {
    await sleep(DESK_STARTS_PAUSE_MS)
    const shared = await sharedStore(path)
    if (shared !== null) return shared
  }
  return null
}
