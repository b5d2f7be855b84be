import type { DomainPattern } from '@sallyport/net'
import type { StoredOctets } from '@sallyport/policy'
import { walkPacked } from '../walk-packed.ts'
import type { OpenFile } from './open-file.ts'

/** Patterns in a file that was checked when it was opened; they take memory only while they are walked. */
export class StoredPatterns implements Iterable<DomainPattern> {
  readonly length: number
  readonly #file: OpenFile
  readonly #offset: number
  readonly #bytes: number
  #loaded: WeakRef<Uint8Array> | null = null

  constructor(file: OpenFile, offset: number, bytes: number, length: number) {
    this.#file = file
    this.#offset = offset
    this.#bytes = bytes
    this.length = length
  }

  /** The file that they are in. */
  get path(): string {
    return this.#file.path
  }

  get stored(): StoredOctets {
    return { fd: this.#file.fd, offset: this.#offset, bytes: this.#bytes }
  }

  packed(): Uint8Array {
    const loaded = this.#loaded?.deref()
    if (loaded !== undefined) return loaded
    const octets = this.#file.read(this.#offset, this.#bytes)
    this.#loaded = new WeakRef(octets)
    return octets
  }

  [Symbol.iterator](): Generator<DomainPattern, void, undefined> {
    return walkPacked(this.packed())
  }
}
