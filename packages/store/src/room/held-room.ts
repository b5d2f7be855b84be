import type { SqlEngine } from '../engine/sql-engine.ts'
import type { Part } from './plan-room.ts'

/** What a store takes on its disk, and since when it has flows; null: it has none. */
export type HeldRoom = { readonly bytes: number; readonly flows: number; readonly oldestMs: number | null }

/** Of a store that is held to what it may take. */
export type StoreRoom = HeldRoom & {
  readonly limitBytes: number
  /** Since somebody looks. */
  readonly removedFlows: number
  /** The disk has little left, so the store does not grow. */
  readonly isShort: boolean
}

export async function heldRoom(engine: SqlEngine): Promise<HeldRoom> {
  const [row] = await engine.query(
    `SELECT sum(bytes_on_disk) AS bytes, sumIf(rows, table = 'flows') AS flows,
      toUnixTimestamp(minIf(min_time, table = 'flows' AND rows > 0)) AS oldest
    FROM system.parts WHERE active AND database = currentDatabase()`,
    {},
  )
  const flows = Number(row?.['flows'] ?? 0)
  return { bytes: Number(row?.['bytes'] ?? 0), flows, oldestMs: flows === 0 ? null : Number(row!['oldest']) * 1000 }
}

export async function partsOfFlows(engine: SqlEngine): Promise<readonly Part[]> {
  const rows = await engine.query(
    `SELECT name, bytes_on_disk AS bytes, toUnixTimestamp(min_time) AS first, toUnixTimestamp(max_time) AS last
    FROM system.parts WHERE active AND database = currentDatabase() AND table = 'flows' AND rows > 0`,
    {},
  )
  return rows.map((row) => ({
    name: String(row['name']),
    bytes: Number(row['bytes']),
    firstMs: Number(row['first']) * 1000,
    lastMs: Number(row['last']) * 1000,
  }))
}
