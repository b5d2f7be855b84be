/** An answer that is sent piece by piece, until its end or until the reader goes away. */
export class Streamed {
  readonly type: string
  /** What a browser calls it when it keeps it; null: it does not. */
  readonly fileName: string | null
  readonly pieces: (signal: AbortSignal) => AsyncIterable<string>

  constructor(type: string, fileName: string | null, pieces: (signal: AbortSignal) => AsyncIterable<string>) {
    this.type = type
    this.fileName = fileName
    this.pieces = pieces
  }
}
