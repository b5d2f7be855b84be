import type { Field, Framing } from '@sallyport/wire'
import type { BodyPiece, BodySource } from '../http/body.ts'

/** A body that is read for somebody else first, and kept, so that it can go on as it was. */
export class KeptBody {
  readonly #source: BodySource
  readonly #mostOctets: number
  readonly mayKeep: boolean
  #kept: Buffer[] = []
  #octets = 0
  /** How much of what is kept was given out; less after a second attempt began. */
  #given = 0
  #isLost = false
  #endSaid = false

  constructor(source: BodySource, framing: Framing, mostOctets: number) {
    this.#source = source
    this.#mostOctets = mostOctets
    this.mayKeep = framing.kind !== 'length' || framing.octets <= mostOctets
  }

  /** Whether all that was read is still here. */
  get isWhole(): boolean {
    return !this.#isLost
  }

  /** Whether all that was given out is all there is. */
  get isAtEnd(): boolean {
    return this.#source.isEnd && this.#given >= this.#octets
  }

  get isSent(): boolean {
    return this.isAtEnd || this.#endSaid
  }

  /** The beginning, at most so many octets; it is what has come, so that a slow body is not waited for. Null when none comes. */
  async first(most: number, idleMs: number): Promise<Buffer | null> {
    this.#given = 0
    this.#endSaid = false
    if (this.#kept.length === 0 && !this.#source.isEnd && most > 0) {
      const piece = await this.#source.read(idleMs)
      if (typeof piece === 'string' && piece !== 'end') return null
      if (typeof piece !== 'string') this.#keep(piece)
    }
    const begin = Buffer.concat(this.#kept).subarray(0, most)
    this.#given = begin.length
    return begin
  }

  async next(idleMs: number): Promise<BodyPiece | 'too-large'> {
    if (this.#given < this.#octets && !this.#isLost) {
      const rest = Buffer.concat(this.#kept).subarray(this.#given)
      this.#given = this.#octets
      return rest
    }
    const piece = await this.#source.read(idleMs)
    if (piece === 'end') this.#endSaid = true
    if (typeof piece === 'string') return piece
    this.#keep(piece)
    this.#given = this.#octets
    return this.mayKeep && this.#octets > this.#mostOctets ? 'too-large' : piece
  }

  /** The whole body once more; null when a part of it is gone. */
  again(): BodySource | null {
    if (this.#isLost) return null
    const kept = [...this.#kept]
    const source = this.#source
    return {
      read: async (idleMs) => kept.shift() ?? source.read(idleMs),
      get isEnd(): boolean {
        return kept.length === 0 && source.isEnd
      },
      get trailers(): readonly Field[] {
        return source.trailers
      },
    }
  }

  /** A body that is longer than may be kept goes past; one that could still be kept is kept with the piece that was too much. */
  #keep(piece: Buffer): void {
    this.#octets += piece.length
    if (!this.#isLost) this.#kept.push(piece)
    if (this.#octets <= this.#mostOctets) return
    if (!this.mayKeep) {
      this.#isLost = true
      this.#kept = []
    }
  }
}
