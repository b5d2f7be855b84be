import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { FlowRecord } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import type { FlowStore } from '../flow-store.ts'
import { readInSteps } from './read-segment.ts'
import type { SegmentContent } from './segment-content.ts'
import { sealSegment } from './segment-file.ts'
import { parseSegmentName, type SegmentName } from './segment-name.ts'
import { writerState } from './writer-identity.ts'

type Loaded = SegmentContent & { readonly records: readonly FlowRecord[] }

export type Drained = { readonly batches: number; readonly flows: number; readonly dropped: number }

/** A writer seals what it wrote long before; only for writers whose process cannot be looked at. */
const ABANDONED_MS = 600_000

/**
 * Stores what is in the spool: a segment is a batch, removed once it is stored. A segment whose writer died is sealed first.
 * `onStored` has the records of each batch, once or, after a crash, again. Stopped anywhere, the next call goes on; a batch that was stored before is not stored again. Throws the first error after
 * all segments were tried, or the server is away; those that failed stay.
 */
export async function drainSpool(
  directory: string,
  store: FlowStore,
  signal?: AbortSignal,
  onStored?: (batch: string, records: readonly FlowRecord[]) => void,
): Promise<Drained> {
  let [batches, flows, dropped] = [0, 0, 0]
  const failures: unknown[] = []
  const segments = await readySegments(directory)
  const load = ({ id }: SegmentName): Promise<Loaded | { readonly error: unknown }> =>
    readFile(join(directory, `${id}.sealed`))
      .then(async (bytes) => {
        const records: FlowRecord[] = []
        const keep = onStored === undefined ? null : (record: FlowRecord): void => void records.push(record)
        return { ...(await readInTurns(bytes, id, keep)), records }
      })
      .catch((error: unknown) => ({ error }))
  // The next segment is read while the one before is stored: the store works on another processor.
  let next = segments[0] === undefined ? null : load(segments[0])
  for (const [index, { id }] of segments.entries()) {
    const content = await next
    if (content === null || signal?.aborted === true) break
    const following = segments[index + 1]
    try {
      if ('error' in content) throw content.error
      const storing = store.ingest({ id, ...content }, Date.now())
      next = following === undefined ? null : load(following)
      const isNew = await storing
      // Before the segment goes: who is killed in between is told of it again.
      onStored?.(id, content.records)
      await rm(join(directory, `${id}.sealed`))
      if (!isNew) continue
      batches++
      flows += content.flows.count
      dropped += content.drops.reduce((sum, { count }) => sum + count, 0)
    } catch (error) {
      failures.push(error)
      // A server that is away is so for every segment.
      if (error instanceof SallyportError && error.code === 'store-away') break
      if ('error' in content) next = following === undefined ? null : load(following)
    }
  }
  if (failures.length > 0) throw failures[0]
  return { batches, flows, dropped }
}

/** Between the steps the store is handed what it stores next, and whoever else runs in this process has a turn. */
async function readInTurns(
  bytes: Uint8Array,
  id: string,
  onRecord: ((record: FlowRecord) => void) | null,
): Promise<SegmentContent> {
  const reading = readInSteps(bytes, id, Date.now(), onRecord)
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
    await turn()
  }
}

/** Oldest first. */
async function readySegments(directory: string): Promise<readonly SegmentName[]> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const ready: { readonly segment: SegmentName; readonly mtimeMs: number }[] = []
  for (const file of files) {
    const segment = parseSegmentName(file)
    const facts = await stat(join(directory, file)).catch(() => null)
    if (segment === null || facts === null) continue
    if (segment.state === 'open') {
      if (!isAbandoned(segment, facts.mtimeMs)) continue
      sealSegment(directory, segment.id)
    }
    ready.push({ segment, mtimeMs: facts.mtimeMs })
  }
  return ready
    .toSorted((a, b) => a.mtimeMs - b.mtimeMs || (a.segment.id < b.segment.id ? -1 : 1))
    .map(({ segment }) => segment)
}

function isAbandoned({ writer }: SegmentName, mtimeMs: number): boolean {
  switch (writerState(writer)) {
    case 'lives':
      return false
    case 'ended':
      return true
    case 'unknown':
      return Date.now() - mtimeMs > ABANDONED_MS
  }
}
