import { crc32 } from 'node:zlib'
import { BinaryReader } from './binary-reader.ts'
import { BinaryRows } from './binary-rows.ts'
import { DictionaryColumn } from './columns/dictionary-column.ts'
import { FixedColumn } from './columns/fixed-column.ts'
import { ListColumn } from './columns/list-column.ts'
import { NullableColumn } from './columns/nullable-column.ts'
import { TextColumn } from './columns/text-column.ts'
import { COUNTERS, FLOW_COLUMNS, TEXTS, VERDICT, writeFlow, type RecordedFacts } from './flow-rows.ts'

/** Rows of the table `flows`: one block of ClickHouse's Native format, in pieces, with the columns of FLOW_COLUMNS. */
export type FlowRows = { readonly count: number; readonly pieces: readonly Uint8Array[] }

/** Collects the rows of one batch, column by column: ClickHouse has nothing to parse, and each of few texts comes once. */
export class FlowRowWriter {
  readonly #single = new BinaryRows()
  readonly #batch: string
  readonly #nowMs: number
  readonly #mark: number
  #count = 0

  readonly #time = new FixedColumn(8)
  readonly #identity = new FixedColumn(8)
  readonly #started = new FixedColumn(1)
  readonly #texts = TEXTS.map(() => new DictionaryColumn())
  readonly #src = new NullableColumn(16)
  readonly #dst = new NullableColumn(16)
  readonly #port = new NullableColumn(2)
  readonly #asn = new NullableColumn(4)
  readonly #names = new ListColumn()
  readonly #destination = new TextColumn()
  readonly #counters = COUNTERS.map(() => new NullableColumn(8))
  readonly #verdict = VERDICT.map(() => new DictionaryColumn())
  readonly #parents = new ListColumn()
  readonly #facts = new TextColumn()
  readonly #known = new DictionaryColumn()
  readonly #otherFacts = new TextColumn()

  constructor(batch: string, nowMs: number) {
    this.#batch = batch
    this.#nowMs = nowMs
    this.#mark = crc32(batch)
  }

  get rows(): FlowRows {
    const rows = this.#count
    const columns: readonly (readonly Uint8Array[])[] = [
      this.#time.pieces(rows),
      sameText(this.#batch, rows),
      places(rows),
      this.#identity.pieces(rows),
      this.#started.pieces(rows),
      ...this.#texts.map((column) => column.pieces(rows)),
      ...[this.#src, this.#dst, this.#port, this.#asn, this.#names].map((column) => column.pieces(rows)),
      this.#destination.pieces(),
      ...[...this.#counters, ...this.#verdict, this.#parents].map((column) => column.pieces(rows)),
      this.#facts.pieces(),
      this.#known.pieces(rows),
      this.#otherFacts.pieces(),
    ]
    const head = new BinaryRows()
    head.length(columns.length)
    head.length(rows)
    const pieces = [head.bytes()]
    for (const [index, [name, type]] of Object.entries(FLOW_COLUMNS).entries()) {
      const said = new BinaryRows()
      said.string(name)
      said.string(type)
      pieces.push(said.bytes(), ...columns[index]!)
    }
    return { count: rows, pieces }
  }

  /** False, and nothing written, when it is none. */
  add(record: RecordedFacts): boolean {
    this.#single.truncate(0)
    return writeFlow(this.#single, record, this.#nowMs) && this.addWritten(new BinaryReader(this.#single.bytes()))
  }

  /** What `writeFlow` wrote, up to the end. False, and nothing written, when it is something else. */
  addWritten(read: BinaryReader): boolean {
    const [destination, facts, otherFacts] = [this.#destination.size, this.#facts.size, this.#otherFacts.size]
    try {
      this.#take(read, this.#count)
      this.#count++
      return true
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#destination.truncate(destination)
      this.#facts.truncate(facts)
      this.#otherFacts.truncate(otherFacts)
      return false
    }
  }

  /** Columns that are not texts have the row's place: what a row that ended too early has left there, the next writes over. */
  #take(read: BinaryReader, row: number): void {
    this.#time.take(read, row)
    this.#takeIdentity(read, row)
    this.#started.take(read, row)
    for (const column of this.#texts) column.take(read, row)
    this.#src.take(read, row)
    this.#dst.take(read, row)
    this.#port.take(read, row)
    this.#asn.take(read, row)
    this.#names.take(read, row)
    this.#destination.take(read)
    for (const column of this.#counters) column.take(read, row)
    for (const column of this.#verdict) column.take(read, row)
    this.#parents.take(read, row)
    this.#facts.take(read)
    this.#known.take(read, row)
    this.#otherFacts.take(read)
    read.end()
  }

  /** A flow without an identity gets one by its place in the batch. */
  #takeIdentity(read: BinaryReader, row: number): void {
    const { at, view } = read
    this.#identity.take(read, row)
    if (view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0) this.#identity.put([row, this.#mark], row)
  }
}

function sameText(text: string, rows: number): readonly Uint8Array[] {
  const one = new BinaryRows()
  one.string(text)
  return [Buffer.alloc(one.size * rows, one.bytes())]
}

function places(rows: number): readonly Uint8Array[] {
  const all = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) all[row] = row
  return [new Uint8Array(all.buffer)]
}
