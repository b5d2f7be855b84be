import { createHash } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Feed, InvalidFeed } from '../feed.ts'
import { openCompiled, writeCompiled } from './compiled-file.ts'

/** To be raised when a reader of a format, or the guard, comes to another result for the same document. */
const READER_VERSION = 1
/** What is shorter is read as fast as its copy. */
const LEAST_ENTRIES = 20_000
const UNUSED_MS = 14 * 86_400_000
const MOST_FILES = 64

/**
 * Large feeds as they were read before, so that a start reads neither text nor gzip, and a list takes no memory beside the
 * table that is made of it. A copy is known by what it was made from; one that is damaged is made again.
 */
export class CompiledFeeds {
  readonly #directory: string | null

  /** `null`: none are kept. */
  constructor(directory: string | null) {
    this.#directory = directory
  }

  /** What `read` gives; `source` is all that it depends on. */
  async get(
    source: readonly unknown[],
    nowMs: number,
    read: () => Promise<Feed | InvalidFeed> | Feed | InvalidFeed,
  ): Promise<Feed | InvalidFeed> {
    if (this.#directory === null) return read()
    const name = createHash('sha256')
      .update(JSON.stringify([READER_VERSION, ...source]))
      .digest('hex')
    const path = join(this.#directory, `${name}.feed`)
    const known = openCompiled(path)
    if (known !== null) {
      await utimes(path, nowMs / 1000, nowMs / 1000).catch(() => {})
      return known
    }
    const feed = await read()
    if ('invalid' in feed || !isWorthIt(feed)) return feed
    try {
      await writeCompiled(path, feed)
      await this.#sweep(nowMs)
    } catch {
      // A directory that cannot be written, or a full disk: the feed is as good without its copy.
      return feed
    }
    return openCompiled(path) ?? feed
  }

  async #sweep(nowMs: number): Promise<void> {
    const directory = this.#directory!
    const files = await Promise.all(
      (await readdir(directory)).map(async (name) => {
        const facts = await stat(join(directory, name)).catch(() => null)
        return { path: join(directory, name), usedMs: facts?.mtimeMs ?? 0 }
      }),
    )
    const byUse = files.toSorted((a, b) => b.usedMs - a.usedMs)
    for (const [at, { path, usedMs }] of byUse.entries()) {
      if (at >= MOST_FILES || nowMs - usedMs > UNUSED_MS) await rm(path, { force: true })
    }
  }
}

/** An indicator of STIX ceases to hold by itself. */
function isWorthIt({ format, domains, prefixes }: Feed): boolean {
  return format !== 'stix' && domains.length + prefixes.length >= LEAST_ENTRIES
}
