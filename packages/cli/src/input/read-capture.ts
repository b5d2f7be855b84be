import { open } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import { CaptureReader, FlowTable, type CaptureFailure, type FlowRow, type FlowTableCounters } from '@sallyport/wire'
import { handshakeCiphers } from '@sallyport/agent/handshake-ciphers'
import { fileError } from './read-text-file.ts'
import { unpacked } from './unpacked.ts'

const PIECE_BYTES = 1 << 20

export type CaptureProgress = (readBytes: number, totalBytes: number) => void

/** `badly-packed`: what it was packed with cannot be undone further. */
type CaptureEnd = {
  readonly counters: FlowTableCounters
  readonly failure: CaptureFailure | { readonly failure: 'badly-packed'; readonly offset: number } | null
}

/**
 * Flows of a pcap or pcapng file, packed or not, or of the standard input where the path is `-`, given as they end and at the end of the file; memory does not grow with the file. A file
 * that is no capture at all throws; one that ends inside a packet gives its flows, and the failure beside them.
 */
export async function readCapture(
  path: string,
  onFlows: (rows: readonly FlowRow[]) => Promise<void>,
  onProgress: CaptureProgress,
): Promise<CaptureEnd> {
  if (path === '-') return await readPackets('standard input', process.stdin as AsyncIterable<Buffer>, onFlows)
  try {
    await using file = await open(path, 'r')
    const facts = await file.stat()
    if (facts.isDirectory()) throw new SallyportError('file-is-directory', `${path} is a directory, not a file`)
    const stream = file.createReadStream({ highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>
    return await readPackets(
      path,
      counted(stream, (readBytes) => onProgress(readBytes, facts.size)),
      onFlows,
    )
  } catch (error) {
    throw fileError(path, error)
  }
}

async function readPackets(
  name: string,
  stream: AsyncIterable<Buffer>,
  onFlows: (rows: readonly FlowRow[]) => Promise<void>,
): Promise<CaptureEnd> {
  const reader = new CaptureReader()
  const table = new FlowTable(handshakeCiphers)
  let failure: CaptureEnd['failure'] = null
  let offset = 0
  try {
    for await (const bytes of unpacked(stream)) {
      for (const packet of reader.push(bytes)) table.add(packet)
      offset += bytes.length
      await onFlows(table.takeFinished())
      if (reader.failure !== null) break
    }
    reader.finish()
    failure = reader.failure
  } catch (error) {
    if (!isOfPacking(error)) throw error
    failure = { failure: 'badly-packed', offset }
  }
  if (failure?.failure === 'not-a-capture')
    throw new SallyportError('capture-invalid', `${name} is neither pcap nor pcapng`)
  await onFlows(table.finish())
  return { counters: table.counters, failure }
}

async function* counted(stream: AsyncIterable<Buffer>, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    onRead(bytes)
    yield piece
  }
}

const isOfPacking = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_BUFFER)/.test(String(error.code))
