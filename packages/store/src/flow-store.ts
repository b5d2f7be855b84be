import type { Past } from '@sallyport/detect'
import type { DropReason, FlowDrop } from '@sallyport/flow'
import { openEmbedded } from './engine/open-embedded.ts'
import type { ServerAddress } from './engine/server-address.ts'
import type { SqlEngine } from './engine/sql-engine.ts'
import type { FlowFilter } from './filter/condition.ts'
import { FlowRowWriter, type FlowRows } from './ingest/flow-row-writer.ts'
import { FLOW_COLUMNS } from './ingest/flow-rows.ts'
import { recordedFacts, type StoredFlow } from './ingest/stored-flow.ts'
import { countVerdicts, type VerdictCount } from './query/count-verdicts.ts'
import { topDestinations, type DestinationRow } from './query/destinations.ts'
import { exportFlows, type ExportFormat } from './query/export-flows.ts'
import { factGroups, type FactColumns } from './query/fact-groups.ts'
import type { FactQuestion } from './query/fact-question.ts'
import { flowsByHour, type HourCount } from './query/flows-by-hour.ts'
import { listFlows, type FlowPage } from './query/list-flows.ts'
import { newDestinations } from './query/new-destinations.ts'
import { readPast } from './query/past/read-past.ts'
import { topFlows, type TopRow } from './query/top-flows.ts'
import type { TopBy } from './query/top-parts.ts'
import { boundParts } from './room/bound-parts.ts'
import { dropPartsBefore } from './room/drop-parts-before.ts'
import { heldRoom, partsOfFlows, type HeldRoom } from './room/held-room.ts'
import { planRoom } from './room/plan-room.ts'
import { joinLeftBehind } from './schema/left-behind.ts'
import { migrate } from './schema/migrate.ts'
import { relayout, type Relayout } from './schema/relayout.ts'

/** A batch that failed in parts is sent again under the same id; what was stored of it is not stored twice. */
export type Batch = {
  readonly id: string
  readonly flows: readonly StoredFlow[] | FlowRows
  /** What is known to be missing. */
  readonly drops?: readonly FlowDrop[]
}

/** After so many batches those are looked for that merges have passed over. */
const LOOK_BATCHES = 50

export class FlowStore implements Disposable {
  readonly #engine: SqlEngine
  #batches = 0

  private constructor(engine: SqlEngine) {
    this.#engine = engine
  }

  /** In a directory, on a server, or for as long as the process lasts when nothing is given. */
  static async open(where?: string | ServerAddress): Promise<FlowStore> {
    const engine = typeof where === 'object' ? await openOnServer(where) : openEmbedded(where)
    try {
      await migrate(engine)
    } catch (error) {
      engine[Symbol.dispose]()
      throw error
    }
    return new FlowStore(engine)
  }

  /**
   * False when the batch was stored before. The id is the token by which ClickHouse recognises blocks it has; the row in
   * `batches`, written last, remembers it beyond ClickHouse's window.
   */
  async ingest({ id, flows, drops = [] }: Batch, nowMs: number): Promise<boolean> {
    const [known] = await this.#engine.query('SELECT count() AS n FROM batches WHERE batch = {id:String}', { id })
    if (Number(known?.['n']) > 0) return false
    const rows = 'pieces' in flows ? flows : encodeRows(flows, id, nowMs)
    if (rows.count > 0) await this.#engine.insertNative('flows', FLOW_COLUMNS, rows.pieces, id)
    if (drops.length > 0) {
      const lines = drops.map((drop) => `${JSON.stringify({ ...drop, batch: id })}\n`).join('')
      await this.#engine.insert('drops', Buffer.from(lines), id)
    }
    await this.#engine.insert('batches', Buffer.from(JSON.stringify({ batch: id, rows: rows.count })), id)
    if (++this.#batches % LOOK_BATCHES === 0 && this.#engine.layout.isOwn) await joinLeftBehind(this.#engine)
    return true
  }

  /** Ids of the batches named `<prefix>/…`, by their number of flows. */
  async batchesAfter(prefix: string): Promise<ReadonlyMap<number, readonly string[]>> {
    const rows = await this.#engine.query(
      'SELECT rows AS n, groupArray(batch) AS ids FROM batches WHERE startsWith(batch, {prefix:String}) GROUP BY n',
      { prefix: `${prefix}/` },
    )
    return new Map(rows.map((row) => [Number(row['n']), row['ids'] as readonly string[]]))
  }

  list(filter: FlowFilter, page: { readonly limit: number; readonly after?: string }): Promise<FlowPage> {
    return listFlows(this.#engine, filter, page)
  }

  /** Flows that happened since then and were not recorded. */
  async drops(sinceMs: number): Promise<Readonly<Partial<Record<DropReason, number>>>> {
    const rows = await this.#engine.query(
      'SELECT reason, sum(count) AS n FROM drops WHERE time >= fromUnixTimestamp64Milli({since:Int64}) GROUP BY reason',
      { since: sinceMs },
    )
    return Object.fromEntries(rows.map((row) => [String(row['reason']), Number(row['n'])]))
  }

  top(by: TopBy, filter: FlowFilter, limit: number): Promise<readonly TopRow[]> {
    return topFlows(this.#engine, by, filter, limit)
  }

  newDestinations(sinceMs: number, limit: number): Promise<readonly TopRow[]> {
    return newDestinations(this.#engine, sinceMs, limit)
  }

  countVerdicts(sinceMs: number): Promise<readonly VerdictCount[]> {
    return countVerdicts(this.#engine, sinceMs)
  }

  destinations(filter: FlowFilter, limit: number): Promise<readonly DestinationRow[]> {
    return topDestinations(this.#engine, filter, limit)
  }

  factGroups(filter: FlowFilter, question: FactQuestion, most: number): Promise<FactColumns | null> {
    return factGroups(this.#engine, filter, question, most)
  }

  flowsByHour(sinceMs: number): Promise<readonly HourCount[]> {
    return flowsByHour(this.#engine, sinceMs)
  }

  past(sinceMs: number, nowMs: number): Promise<Past | null> {
    return readPast(this.#engine, sinceMs, nowMs)
  }

  /** The path of a file that the asker, who is of the same user, removes: it may be larger than memory. */
  export(filter: FlowFilter, format: ExportFormat): Promise<string> {
    return exportFlows(this.#engine, filter, format)
  }

  /**
   * Goes on with laying out what an earlier version stored as this one does; null on a server, which does that by itself. Questions are
   * answered meanwhile.
   */
  async relayout(): Promise<Relayout | null> {
    return this.#engine.layout.isOwn ? relayout(this.#engine) : null
  }

  heldRoom(): Promise<HeldRoom> {
    return heldRoom(this.#engine)
  }

  /** In a directory: how large a part of it grows, and how much of its disk has to be free for anything to be stored. */
  boundParts(partBytes: number, keepFreeBytes: number): Promise<void> {
    return boundParts(this.#engine, partBytes, keepFreeBytes)
  }

  /** Removes the oldest hours, for so many bytes; how many flows that were, and before when. Null when nothing may go. */
  async makeRoom(neededBytes: number, freeBytes: number): Promise<{ flows: number; beforeMs: number } | null> {
    const beforeMs = planRoom(await partsOfFlows(this.#engine), neededBytes, freeBytes)
    if (beforeMs === null) return null
    const [row] = await this.#engine.query(
      'SELECT sum(started) AS n FROM flows WHERE time < fromUnixTimestamp({second:Int64})',
      { second: beforeMs / 1000 },
    )
    await this.#expireAround(beforeMs)
    if (this.#engine.layout.isOwn) await dropPartsBefore(this.#engine, beforeMs)
    await this.#expireTable('flows', 'time', beforeMs)
    return { flows: Number(row?.['n'] ?? 0), beforeMs }
  }

  /** Drops whole months, and then rows, that are older; what they were stored with, and what was known to be missing, too. */
  async expire(beforeMs: number): Promise<void> {
    await this.#expireAround(beforeMs)
    await this.#expireTable('flows', 'time', beforeMs)
  }

  /** Flows go last: who is killed on the way finds them again, and does all of it again. */
  async #expireAround(beforeMs: number): Promise<void> {
    const second = Math.floor(beforeMs / 1000)
    await this.#expireTable('top_hourly', 'hour', beforeMs)
    await this.#removeRows('drops', 'time', second)
    await this.#removeRows('batches', 'storedAt', second)
  }

  async #expireTable(table: 'flows' | 'top_hourly', column: string, beforeMs: number): Promise<void> {
    const { everywhere } = this.#engine.layout
    const second = Math.floor(beforeMs / 1000)
    const month = new Date(beforeMs).toISOString().slice(0, 7).replace('-', '')
    const old = await this.#engine.query(
      `SELECT DISTINCT _partition_id AS id FROM ${table} WHERE ${column} < fromUnixTimestamp({second:Int64})`,
      { second },
    )
    for (const { id } of old)
      if (/^\d{6}$/.test(String(id)) && String(id) < month)
        await this.#engine.define(`ALTER TABLE ${table}${everywhere} DROP PARTITION ID '${String(id)}'`)
    await this.#removeRows(table, column, second)
  }

  /** What stays of a part is written anew; other replicas follow, those that are away later. */
  async #removeRows(table: string, column: string, beforeSecond: number): Promise<void> {
    const where = `${column} < fromUnixTimestamp(${beforeSecond})`
    if ((await this.#engine.query(`SELECT 1 FROM ${table} WHERE ${where} LIMIT 1`, {})).length === 0) return
    await this.#engine.define(
      `ALTER TABLE ${table}${this.#engine.layout.everywhere} DELETE WHERE ${where} SETTINGS mutations_sync = 1`,
    )
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]()
  }
}

function encodeRows(flows: readonly StoredFlow[], batch: string, nowMs: number): FlowRows {
  const writer = new FlowRowWriter(batch, nowMs)
  for (const flow of flows) writer.add(recordedFacts(flow))
  return writer.rows
}

/** Its client is loaded only here: most commands would load it at their start for nothing. */
async function openOnServer(address: ServerAddress): Promise<SqlEngine> {
  const { openServer } = await import('./engine/open-server.ts')
  return openServer(address)
}
