import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseStoredFlow, type FlowQueries, type StoredFlow } from '@sallyport/store'
import { note } from '../output/print.ts'
import { readLines } from './json-lines.ts'
import { fileError } from './read-text-file.ts'

const BATCH_FLOWS = 50_000
const PROGRESS_FLOWS = 1_000_000

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
    for await (const line of readLines(createReadStream(path))) {
      const flow = 'text' in line ? parseStoredFlow(line.text) : line
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
