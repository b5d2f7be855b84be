import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../write-durably.ts'
import { emptyState, parseState, type FeedState } from './feed-state.ts'
import type { Subscription } from './subscription.ts'

/** Files that no state names are removed after this; until then another process may be about to name them. */
const LEFTOVER_MS = 3_600_000

/**
 * Copies of feeds on disk. A document is written under its digest, then the state that names it takes the place of the old
 * state at once: a crash at any moment leaves the old copy in force or the new one, whole, and at most a file that
 * nothing names, which a later update removes.
 */
export class FeedStore {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async state({ key, name }: Subscription): Promise<FeedState> {
    const text = await readIfThere(join(this.#directory, `${key}.json`))
    return (text === null ? null : parseState(text.toString('utf8'))) ?? emptyState(name)
  }

  /** The document of a copy; `null` when the file is gone or is not what it was. */
  async document({ key }: Subscription, sha256: string): Promise<Uint8Array | null> {
    const bytes = await readIfThere(join(this.#directory, documentName(key, sha256)))
    return bytes !== null && digestOf(bytes) === sha256 ? bytes : null
  }

  async putDocument({ key }: Subscription, bytes: Uint8Array): Promise<string> {
    const sha256 = digestOf(bytes)
    await writeDurably(this.#directory, documentName(key, sha256), bytes)
    return sha256
  }

  async putState(subscription: Subscription, state: FeedState): Promise<void> {
    const { key } = subscription
    await writeDurably(this.#directory, `${key}.json`, Buffer.from(`${JSON.stringify(state)}\n`))
    const named = [state.current, state.held].flatMap((copy) => (copy === null ? [] : [documentName(key, copy.sha256)]))
    await this.#sweep(key, named)
  }

  async #sweep(key: string, named: readonly string[]): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (!name.startsWith(`${key}.`) || name === `${key}.json` || named.includes(name)) continue
      const path = join(this.#directory, name)
      const facts = await stat(path).catch(() => null)
      if (facts !== null && Date.now() - facts.mtimeMs > LEFTOVER_MS) await rm(path, { force: true })
    }
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function documentName(key: string, sha256: string): string {
  return `${key}.${sha256.slice(0, 32)}.list`
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
