import type { SqlEngine } from '../engine/sql-engine.ts'
import { partsOfFlows } from './held-room.ts'

/** As ClickHouse names them; they become part of a statement. */
const PART_NAME = /^[\w-]+$/

/** Of `flows`, parts that end before then go as they lie: nothing is written anew. */
export async function dropPartsBefore(engine: SqlEngine, beforeMs: number): Promise<void> {
  await engine.define('SYSTEM STOP MERGES flows')
  try {
    for (;;) {
      const old = (await partsOfFlows(engine)).find(({ lastMs }) => lastMs < beforeMs)
      if (old === undefined || !PART_NAME.test(old.name)) return
      await engine.define(`ALTER TABLE flows DROP PART '${old.name}'`).catch((error: unknown) => {
        // A merge that was at its end has made another part of it, which is found next.
        if (!String(error).includes('NO_SUCH_DATA_PART')) throw error
      })
    }
  } finally {
    await engine.define('SYSTEM START MERGES flows')
  }
}
