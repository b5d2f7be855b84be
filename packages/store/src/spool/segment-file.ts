import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FLUSH_BYTES = 2 ** 24

/** A segment that is being written. Everything that `write` returned from is in the kernel: the death of the process loses none of it. */
export class SegmentFile {
  readonly #directory: string
  readonly #id: string
  readonly #descriptor: number
  #size = 0
  #flushed = 0
  #failure: unknown = null

  constructor(directory: string, id: string) {
    this.#directory = directory
    this.#id = id
    this.#descriptor = openSync(join(directory, `${id}.open`), 'ax', 0o600)
  }

  get size(): number {
    return this.#size
  }

  /** All of it or, throwing, none of it. */
  write(bytes: Uint8Array): void {
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written)
      this.#size += bytes.length
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#size)
      throw error
    }
    this.#flushSome()
  }

  /** So that the writer never waits for the whole segment at once. */
  #flushSome(): void {
    if (this.#size - this.#flushed < FLUSH_BYTES) return
    this.#flushed = this.#size
    try {
      fdatasyncSync(this.#descriptor)
    } catch (error) {
      // The kernel tells it once.
      this.#failure ??= error
    }
  }

  /** On disk, then under its final name: whoever sees that name may read it and remove it. */
  seal(): void {
    try {
      fsyncSync(this.#descriptor)
      if (this.#failure !== null) throw this.#failure
    } finally {
      closeSync(this.#descriptor)
    }
    sealSegment(this.#directory, this.#id)
  }
}

export function sealSegment(directory: string, id: string): void {
  renameSync(join(directory, `${id}.open`), join(directory, `${id}.sealed`))
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
