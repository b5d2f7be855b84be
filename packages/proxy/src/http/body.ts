import type { Field } from '@sallyport/wire'

/** `end`: it is whole. `cut`: its sender is gone before that. */
export type BodyPiece = Buffer | 'end' | 'cut' | 'timeout' | 'malformed'

/** The octets of one body, one read after another; framing of any version is taken off. */
export type BodySource = {
  readonly read: (idleMs: number) => Promise<BodyPiece>
  readonly isEnd: boolean
  /** Fields behind the body, once it is whole. */
  readonly trailers: readonly Field[]
}

/** A body that was read before. */
export function readBody(body: Buffer): BodySource {
  let left: Buffer | null = body.length === 0 ? null : body
  return {
    read: async () => {
      const piece = left ?? 'end'
      left = null
      return piece
    },
    get isEnd(): boolean {
      return left === null
    },
    trailers: [],
  }
}

/** Where a body goes; both answer false when the peer is gone, or takes nothing for so long. */
export type BodySink = {
  readonly write: (piece: Buffer, idleMs: number) => Promise<boolean>
  readonly end: (trailers: readonly Field[], idleMs: number) => Promise<boolean>
}

/** How a body came to its end: `gone` is the side that takes it, all others but `done` the side that sends it. */
export type Pumped = 'done' | 'ended' | 'timeout' | 'malformed' | 'too-large' | 'limited' | 'gone'

export type PumpOptions = {
  readonly mostOctets: number
  readonly idleMs: number
  readonly onOctets: (count: number) => void
  /** Whether there is room for so many in the limits of a rule; null where there are none. */
  readonly refuses: ((count: number) => unknown) | null
}

/** Takes one body from the source to the sink, no faster than that takes it. */
export async function pumpBody(from: BodySource, to: BodySink, options: PumpOptions): Promise<Pumped> {
  const { idleMs, mostOctets, onOctets, refuses } = options
  let sum = 0
  while (!from.isEnd) {
    const piece = await from.read(idleMs)
    if (piece === 'end') break
    if (typeof piece === 'string') return piece === 'cut' ? 'ended' : piece
    sum += piece.length
    if (sum > mostOctets) return 'too-large'
    if (refuses !== null && (await refuses(piece.length)) !== null) return 'limited'
    onOctets(piece.length)
    if (!(await to.write(piece, idleMs))) return 'gone'
  }
  return (await to.end(from.trailers, idleMs)) ? 'done' : 'gone'
}
