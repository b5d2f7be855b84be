import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { Option } from 'commander'
import {
  drainSpool,
  FlowStore,
  isServerAddress,
  openShared,
  parseServerAddress,
  parseStoredFlow,
  storeSocket,
  type FlowQueries,
  type StoredFlow,
} from '@sallyport/store'
import { SallyportError } from '@sallyport/policy'
import { note } from '../output/print.ts'
import { readLines } from './json-lines.ts'
import { stateDirectory } from './state-directory.ts'
import { fileError } from './read-text-file.ts'

const MAX_LINE_BYTES = 2 ** 20
const BATCH_FLOWS = 50_000
const PROGRESS_FLOWS = 1_000_000

export type FlowSource = { readonly flows?: string; readonly store: string }

export const flowsOption = (): Option =>
  new Option('--flows <file>', 'a flow log to read instead of the store; - is the standard input')
export const storeOption = (): Option =>
  new Option('--store <place>', 'directory of the flow store; or a ClickHouse server, or @FILE with its URL').default(
    join(stateDirectory(), 'flows'),
  )

/** What answers questions about flows, for as long as it is open. */
type OpenFlows = FlowQueries & Disposable

/** The store on disk; or one in memory's place, for this process, with the flows of a log. */
export async function openFlowSource({ flows, store }: FlowSource): Promise<OpenFlows> {
  if (flows === undefined) return openStore(store)
  await using log = await openLog(flows)
  const temporary = await FlowStore.open()
  try {
    await importFlows(temporary, log)
    return temporary
  } catch (error) {
    temporary[Symbol.dispose]()
    throw error
  }
}

/** A flow log on disk. `name` is what the user called it. */
type FlowLog = AsyncDisposable & { readonly path: string; readonly name: string }

/** An open store has no standard input, so that one is put into a file first. */
export async function openLog(path: string): Promise<FlowLog> {
  if (path !== '-') return { path, name: path, [Symbol.asyncDispose]: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-flows-'))
  const copy = join(folder, 'flows.jsonl')
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    await pipeline(process.stdin, createWriteStream(copy, { mode: 0o600 }))
  } catch (error) {
    await dispose()
    throw fileError(copy, error, 'file-not-writable')
  }
  return { path: copy, name: 'standard input', [Symbol.asyncDispose]: dispose }
}

/** While `up` has the store of a directory open, it answers for it. A server is asked by itself, and `up` brings it the flows. */
async function openStore(path: string): Promise<OpenFlows> {
  if (isServerAddress(path)) return FlowStore.open(parseServerAddress(path))
  const shared = await openShared(storeSocket(dirname(path)))
  if (shared !== null) return { ...shared, [Symbol.dispose]: () => {} }
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new SallyportError('store-unavailable', `the directory ${path} cannot be made`, { cause: error })
  }
  const store = await FlowStore.open(path)
  // What cannot be stored now stays in the spool.
  await drainSpool(join(dirname(path), 'spool'), store).catch((error: unknown) =>
    note(`the spool beside the store could not be stored: ${error instanceof Error ? error.message : String(error)}`),
  )
  return store
}

type Imported = { readonly read: number; readonly stored: number; readonly invalid: number }

/**
 * A batch is named after all lines before it and its own. The same log read again, also after more was appended to it,
 * finds the batches it had, ends its batches where they ended, and adds only what is new.
 */
export async function importFlows(
  store: FlowQueries,
  { path, name }: Pick<FlowLog, 'path' | 'name'>,
): Promise<Imported> {
  let [read, stored, invalid] = [0, 0, 0]
  let flows: StoredFlow[] = []
  let before = createHash('sha256').digest('hex')
  let known = await store.batchesAfter(before)
  const hash = createHash('sha256')
  const flush = async (): Promise<void> => {
    const digest = hash.copy().digest('hex')
    if (await store.ingest({ id: `${before}/${digest}`, flows }, Date.now())) stored += flows.length
    flows = []
    before = digest
    known = await store.batchesAfter(before)
  }
  const endsBatch = (): boolean =>
    flows.length === BATCH_FLOWS ||
    (known.get(flows.length)?.includes(`${before}/${hash.copy().digest('hex')}`) ?? false)
  try {
    for await (const line of readLines(createReadStream(path), MAX_LINE_BYTES)) {
      const flow =
        'text' in line
          ? parseStoredFlow(line.text)
          : { problem: `the line has ${line.tooLong} bytes, more than ${MAX_LINE_BYTES}` }
      if ('problem' in flow) {
        invalid++
        note(`${name}:${line.number}: ${flow.problem}`)
        continue
      }
      read++
      flows.push(flow)
      hash.update(`${'text' in line ? line.text : ''}\n`)
      if (endsBatch()) await flush()
      if (read % PROGRESS_FLOWS === 0 && process.stderr.isTTY) note(`${read} flows read`)
    }
  } catch (error) {
    throw fileError(name, error)
  }
  if (flows.length > 0) await flush()
  return { read, stored, invalid }
}
