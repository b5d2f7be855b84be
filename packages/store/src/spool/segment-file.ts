import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A segment that is being written. Everything that `write` returned from is in the kernel: the death of the process loses none of it. */
export class SegmentFile {
  readonly #directory: string
  readonly #id: string
  readonly #descriptor: number
  #size = 0

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
  }

  /** On disk, then under its final name: whoever sees that name may read it and remove it. */
  seal(): void {
    try {
      fsyncSync(this.#descriptor)
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
