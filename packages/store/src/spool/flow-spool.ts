import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DROP_REASONS, type DropReason, type FlowRecord } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import { makeDirectory } from '../make-directory.ts'
import { SegmentFile } from './segment-file.ts'
import { segmentId } from './segment-name.ts'
import { SpoolFrames } from './spool-frame.ts'
import { ownIdentity } from './writer-identity.ts'

export type SpoolOptions = {
  readonly directory: string
  /** Of all segments together, whoever writes them. */
  readonly maxBytes?: number
  readonly segmentBytes?: number
  /** A segment is ready to be stored after this time. */
  readonly segmentAgeMs?: number
}

export type SpoolCounters = {
  /** Flows that are in the spool, or were. */
  readonly spooled: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** Of those dropped, how many the spool itself could not be told about. */
  readonly unsaid: number
}

const BUFFER_BYTES = 2 ** 16
const RECHECK_MS = 1000

/**
 * Flow records on their way to the store, on disk. `append` never waits and never throws; a record is in the kernel's hands
 * by the end of the turn of the event loop. When there is no room, new records are dropped and counted, and what was
 * spooled stays.
 */
export class FlowSpool implements Disposable {
  readonly #options: Required<SpoolOptions>
  readonly #identity = ownIdentity()
  readonly #nonce = randomBytes(6).toString('hex')
  readonly #dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>
  readonly #unsaid = new Map<DropReason, number>()
  readonly #frames = new SpoolFrames()
  readonly #dropFrames = new SpoolFrames()
  #waiting = 0
  #spooled = 0
  #sequence = 0
  #segment: SegmentFile | null = null
  #due: NodeJS.Timeout | null = null
  #flushing: NodeJS.Immediate | null = null
  /** Of other segments, as last looked at. */
  #others = 0
  #fullUntilMs = 0

  private constructor(options: Required<SpoolOptions>) {
    this.#options = options
  }

  /** Throws `store-unavailable` when the directory cannot be made or written to. */
  static open({
    maxBytes = 2 ** 28,
    segmentBytes = 2 ** 26,
    segmentAgeMs = 30_000,
    directory,
  }: SpoolOptions): FlowSpool {
    const spool = new FlowSpool({ directory, maxBytes, segmentBytes, segmentAgeMs })
    try {
      makeDirectory(directory, 0o700)
      spool.#others = usedBytes(directory)
      spool.#openSegment()
    } catch (error) {
      throw new SallyportError('store-unavailable', `the spool ${directory} cannot be written to`, { cause: error })
    }
    return spool
  }

  append(record: FlowRecord): void {
    const added = this.#frames.addFlow(record, Date.now())
    if (added !== 'added') return this.drop(added === 'too-large' ? 'record-too-large' : 'damaged', 1)
    this.#waiting++
    if (this.#frames.size >= BUFFER_BYTES) this.flush()
    else this.#flushing ??= setImmediate(() => this.flush())
  }

  /** Flows that were lost before they came here. */
  drop(reason: DropReason, count: number): void {
    if (count === 0) return
    this.#dropped[reason] += count
    this.#unsaid.set(reason, (this.#unsaid.get(reason) ?? 0) + count)
    this.#flushing ??= setImmediate(() => this.flush())
  }

  counters(): SpoolCounters {
    const unsaid = [...this.#unsaid.values()].reduce((sum, count) => sum + count, 0)
    return { spooled: this.#spooled, dropped: { ...this.#dropped }, unsaid }
  }

  /** Hands everything that was appended to the kernel. */
  flush(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing)
    this.#flushing = null
    const count = this.#waiting
    this.#waiting = 0
    if (count > 0 && this.#write(this.#frames.bytes())) this.#spooled += count
    else if (count > 0) this.#count(this.#fullUntilMs > 0 ? 'spool-full' : 'spool-unwritable', count)
    this.#frames.clear()
    if (this.#unsaid.size > 0 && this.#write(this.#framedDrops())) this.#unsaid.clear()
  }

  /** Everything is sealed. Drops that could not be written stay in the counters. */
  [Symbol.dispose](): void {
    this.flush()
    this.#seal()
  }

  #count(reason: DropReason, count: number): void {
    this.#dropped[reason] += count
    this.#unsaid.set(reason, (this.#unsaid.get(reason) ?? 0) + count)
  }

  #framedDrops(): Uint8Array {
    const time = new Date().toISOString()
    this.#dropFrames.clear()
    for (const [reason, count] of this.#unsaid) this.#dropFrames.addDrop({ time, reason, count })
    return this.#dropFrames.bytes()
  }

  #write(bytes: Uint8Array): boolean {
    try {
      if (!this.#hasRoom(bytes.length)) return false
      if (this.#segment !== null && this.#segment.size + bytes.length > this.#options.segmentBytes) this.#seal()
      const segment = this.#segment ?? this.#openSegment()
      segment.write(bytes)
      this.#due ??= setTimeout(() => this.#seal(), this.#options.segmentAgeMs).unref()
      return true
    } catch {
      return false
    }
  }

  #hasRoom(more: number): boolean {
    const nowMs = performance.now()
    const own = this.#segment?.size ?? 0
    if (this.#others + own + more <= this.#options.maxBytes && this.#fullUntilMs === 0) return true
    if (nowMs < this.#fullUntilMs) return false
    this.#others = usedBytes(this.#options.directory) - own
    const full = this.#others + own + more > this.#options.maxBytes
    this.#fullUntilMs = full ? nowMs + RECHECK_MS : 0
    return !full
  }

  #openSegment(): SegmentFile {
    this.#segment = new SegmentFile(this.#options.directory, segmentId(this.#identity, this.#nonce, this.#sequence++))
    return this.#segment
  }

  #seal(): void {
    if (this.#due !== null) clearTimeout(this.#due)
    this.#due = null
    const segment = this.#segment
    if (segment === null) return
    this.#segment = null
    this.#others += segment.size
    try {
      segment.seal()
    } catch {
      // It stays as it is; whoever drains the spool takes it when this process has ended.
    }
  }
}

function usedBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, file) => sum + sizeOf(join(directory, file)), 0)
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
