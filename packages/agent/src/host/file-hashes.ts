import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

const MOST_FILES = 10_000

/** Contents of executables, hashed once for each file as it is. `null` when it cannot be read. */
export class FileHashes {
  readonly #known = new Map<string, string>()

  async sha256(path: string): Promise<string | null> {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
      const key = [dev, ino, size, mtimeNs, ctimeNs].join(':')
      const known = this.#known.get(key)
      if (known !== undefined) return known
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash)
      const hex = hash.digest('hex')
      this.#known.set(key, hex)
      if (this.#known.size > MOST_FILES) this.#known.delete(this.#known.keys().next().value!)
      return hex
    } catch {
      return null
    }
  }
}
