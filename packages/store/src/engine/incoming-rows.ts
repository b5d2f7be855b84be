import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const PREFIX = 'incoming-'

/** Rows on their way into the embedded store, which takes binary ones from files only; and out of it, where they are many. They stay for one statement. */
export class IncomingRows implements Disposable {
  readonly #directory: string
  #files = 0

  /** Beside the store's data; what a process that was killed has left there goes, as the store's lock is ours. */
  constructor(storePath: string | undefined) {
    const parent = storePath === undefined ? tmpdir() : resolve(storePath)
    if (storePath !== undefined)
      for (const name of readdirSync(parent))
        if (name.startsWith(PREFIX)) rmSync(join(parent, name), { recursive: true })
    this.#directory = mkdtempSync(join(parent, PREFIX))
  }

  async write(pieces: readonly Uint8Array[]): Promise<AsyncDisposable & { readonly path: string }> {
    const path = this.next()
    const remove = { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    try {
      await writeFile(path, pieces, { mode: 0o600 })
      return remove
    } catch (error) {
      await remove[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The path of a file that is not there yet. */
  next(): string {
    return join(this.#directory, String(this.#files++))
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
