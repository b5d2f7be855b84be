import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { fileError } from '../input/read-text-file.ts'
import { note } from './print.ts'

export type LineLog = AsyncDisposable & { readonly write: (line: string) => void }

/** As much as waits for a slow disk or reader; lines beyond are lost and counted. */
const MOST_WAITING_BYTES = 16 * 2 ** 20

/** A file that lines are appended to, `-` for the standard output. `what` it is called where lines are lost. */
export function openLineLog(path: string | undefined, what = 'query log'): LineLog | null {
  if (path === undefined) return null
  const stream = path === '-' ? process.stdout : createWriteStream(path, { flags: 'a', mode: 0o640 })
  let lost = 0
  let broken = false
  stream.on('error', (error) => {
    if (!broken) note(`sallyport: ${String((fileError(path, error, 'file-not-writable') as Error).message)}`)
    broken = true
  })
  return {
    write: (line) => {
      if (broken || stream.writableLength > MOST_WAITING_BYTES) lost++
      else stream.write(`${line}\n`)
    },
    [Symbol.asyncDispose]: async () => {
      if (lost > 0) note(`sallyport: ${lost} lines of the ${what} are lost`)
      if (stream === process.stdout || broken) return
      stream.end()
      await once(stream, 'close').catch(() => {})
    },
  }
}
