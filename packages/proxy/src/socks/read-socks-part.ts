import type { SocksRead } from '@sallyport/wire'
import type { ByteReader } from '../client/byte-reader.ts'

export type SocksPart<T> = Extract<SocksRead<T>, { readonly state: 'done' }>

type SocksPartRead<T> =
  | { readonly state: 'part'; readonly part: SocksPart<T> }
  | { readonly state: 'timeout' | 'end' }
  | { readonly state: 'bad'; readonly what: string }

/** One message of a client or of a server; what is behind it stays in the reader. */
export async function readSocksPart<T>(
  reader: ByteReader,
  parse: (bytes: Uint8Array) => SocksRead<T>,
  deadlineMs: number,
): Promise<SocksPartRead<T>> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const piece = await reader.read(Math.max(0, deadlineMs - performance.now()))
    if (typeof piece === 'string') return { state: piece }
    bytes = Buffer.concat([bytes, piece])
    const read = parse(bytes)
    if (read.state === 'bad') return { state: 'bad', what: read.what }
    if (read.state === 'more') continue
    reader.unread(bytes.subarray(read.length))
    return { state: 'part', part: read as SocksPart<T> }
  }
}
