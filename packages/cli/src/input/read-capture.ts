import { open } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import { CaptureReader, FlowTable, type CaptureFailure, type FlowRow, type FlowTableCounters } from '@sallyport/wire'
import { handshakeCiphers } from '@sallyport/agent/handshake-ciphers'
import { fileError } from './read-text-file.ts'

const PIECE_BYTES = 1 << 20

export type CaptureProgress = (readBytes: number, totalBytes: number) => void

type CaptureEnd = { readonly counters: FlowTableCounters; readonly failure: CaptureFailure | null }

/**
 * Flows of a pcap or pcapng file, given as they end and at the end of the file; memory does not grow with the file. A file
 * that is no capture at all throws; one that ends inside a packet gives its flows, and the failure beside them.
 */
export async function readCapture(
  path: string,
  onFlows: (rows: readonly FlowRow[]) => Promise<void>,
  onProgress: CaptureProgress,
): Promise<CaptureEnd> {
  try {
    await using file = await open(path, 'r')
    const facts = await file.stat()
    if (facts.isDirectory()) throw new SallyportError('file-is-directory', `${path} is a directory, not a file`)
    const reader = new CaptureReader()
    const table = new FlowTable(handshakeCiphers)
    let readBytes = 0
    for await (const piece of file.createReadStream({ highWaterMark: PIECE_BYTES })) {
      const bytes = piece as Buffer
      for (const packet of reader.push(bytes)) table.add(packet)
      readBytes += bytes.length
      onProgress(readBytes, facts.size)
      await onFlows(table.takeFinished())
      if (reader.failure !== null) break
    }
    reader.finish()
    if (reader.failure?.failure === 'not-a-capture') {
      throw new SallyportError('capture-invalid', `${path} is neither pcap nor pcapng`)
    }
    await onFlows(table.finish())
    return { counters: table.counters, failure: reader.failure }
  } catch (error) {
    throw fileError(path, error)
  }
}
