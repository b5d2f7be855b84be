import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { encodeFlowRecord, type FlowRecord } from '@sallyport/flow'
import { fileError } from '../input/read-text-file.ts'

export type FlowReport = AsyncDisposable & { readonly write: (record: FlowRecord) => void }

/** Opened before anything is run, so that a path that cannot be written is known at once. */
export async function openReport(path: string | undefined): Promise<FlowReport> {
  if (path === undefined) return { write: () => {}, [Symbol.asyncDispose]: async () => {} }
  const stream = createWriteStream(path)
  try {
    await once(stream, 'open')
  } catch (error) {
    throw fileError(path, error, 'file-not-writable')
  }
  return {
    write: (record) => void stream.write(encodeFlowRecord(record)),
    [Symbol.asyncDispose]: async () => {
      stream.end()
      await finished(stream).catch((error: unknown) => {
        throw fileError(path, error, 'file-not-writable')
      })
    },
  }
}
