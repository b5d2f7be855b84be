import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { CompiledFeeds } from './compiled/compiled-feeds.ts'
import type { Feed, FeedChoice, InvalidFeed } from './feed.ts'
import { parseFeed } from './parse-feed.ts'
import { MAX_UNPACKED_BYTES, unpackFeed } from './unpack-feed.ts'

/** The list in a file, packed with gzip or not. The system's errors about the file are thrown. */
export async function readFeed(
  file: string,
  choice: FeedChoice = {},
  nowMs: number = Date.now(),
  compiled: CompiledFeeds = new CompiledFeeds(null),
): Promise<Feed | InvalidFeed> {
  const packed = await readBounded(file)
  if (packed === null) return { invalid: `more than ${MAX_UNPACKED_BYTES / 2 ** 20} MiB` }
  const sha256 = createHash('sha256').update(packed).digest('hex')
  const source = ['read', sha256, choice.format, choice.column, choice.kind]
  return compiled.get(source, nowMs, async () => {
    const bytes = await unpackFeed(packed)
    return 'invalid' in bytes ? bytes : parseFeed(bytes, choice, nowMs)
  })
}

/** `null`: larger than a list may be. */
async function readBounded(file: string): Promise<Uint8Array | null> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  return size > MAX_UNPACKED_BYTES ? null : handle.readFile()
}
