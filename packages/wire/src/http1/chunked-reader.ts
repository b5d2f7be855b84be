import { latin1 } from '../identify/octets.ts'
import { parseFields, type Field } from './fields.ts'
import { isMessageFailure, type MessageFailure } from './problems.ts'

const LF = 10
const LONGEST_CHUNK_LINE = 256
const LONGEST_TRAILERS = 16_384
// RFC 9112 §7.1.1: extensions are read over, if their octets are those of a field value.
const CHUNK_LINE = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;[\t\x20-\x7e]*)?\r$/

/** Fields that frame, route or authenticate have no business behind a body (RFC 9110 §6.5.1). */
export const NOT_IN_TRAILERS: RegExp =
  /^(transfer[-_]encoding|content[-_](length|type|encoding|range)|host|trailer|te|connection|proxy-.*|authorization|(set-)?cookie|expect|max-forwards|cache-control|range|upgrade|location|via)$/

type Step = 'size' | 'data' | 'data-end' | 'trailers' | 'end'

/** A chunked body (RFC 9112 §7.1) in any pieces; the octets are given on, sizes and extensions are not. */
export class ChunkedReader {
  #step: Step = 'size'
  #left = 0
  #line = ''
  #trailerText = ''
  #offset = 0
  trailers: readonly Field[] = []

  get isEnd(): boolean {
    return this.#step === 'end'
  }

  /** Takes from `bytes`; gives how many belong to the body, or the failure. Octets after its end are left. */
  read(bytes: Uint8Array, onData: (piece: Uint8Array) => void): number | MessageFailure {
    let at = 0
    while (at < bytes.length && this.#step !== 'end') {
      const taken = this.#step === 'data' ? this.#readData(bytes, at, onData) : this.#readLine(bytes, at)
      if (typeof taken !== 'number') return taken
      at += taken
      this.#offset += taken
    }
    return at
  }

  #readData(bytes: Uint8Array, at: number, onData: (piece: Uint8Array) => void): number {
    const length = Math.min(this.#left, bytes.length - at)
    onData(bytes.subarray(at, at + length))
    this.#left -= length
    if (this.#left === 0) this.#step = 'data-end'
    return length
  }

  #readLine(bytes: Uint8Array, at: number): number | MessageFailure {
    const found = bytes.indexOf(LF, at)
    const end = found < 0 ? bytes.length : found
    const most = this.#step === 'trailers' ? LONGEST_TRAILERS : LONGEST_CHUNK_LINE
    if (this.#line.length + this.#trailerText.length + end - at > most) return this.#failure()
    this.#line += latin1(bytes, at, end)
    if (found < 0) return end - at
    const line = this.#line
    this.#line = ''
    return this.#takeLine(line) ?? end + 1 - at
  }

  #takeLine(line: string): MessageFailure | null {
    if (!line.endsWith('\r')) return this.#failure()
    if (this.#step === 'data-end') {
      this.#step = 'size'
      return line === '\r' ? null : this.#failure()
    }
    if (this.#step === 'trailers') return this.#takeTrailer(line)
    const match = CHUNK_LINE.exec(line)
    if (match === null) return this.#failure()
    this.#left = Number.parseInt(match[1]!, 16)
    this.#step = this.#left === 0 ? 'trailers' : 'data'
    return null
  }

  #takeTrailer(line: string): MessageFailure | null {
    if (line !== '\r') {
      this.#trailerText += `${line}\n`
      return null
    }
    const fields = parseFields(this.#trailerText.slice(0, -2), 0)
    if (isMessageFailure(fields)) return { problem: 'bad-trailer', offset: this.#offset }
    if (fields.some(({ name }) => NOT_IN_TRAILERS.test(name))) return { problem: 'bad-trailer', offset: this.#offset }
    this.trailers = fields
    this.#step = 'end'
    return null
  }

  #failure(): MessageFailure {
    return { problem: this.#step === 'trailers' ? 'bad-trailer' : 'bad-chunk', offset: this.#offset }
  }
}
