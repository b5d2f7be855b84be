import { randomUUID } from 'node:crypto'
import type { Alert } from '@sallyport/detect'
import type { StateDatabase, StateParams, StateRow, StateStatements } from './state-database.ts'

export type KeptAlert = Alert & {
  readonly id: string
  /** Null while nobody has looked into it. */
  readonly closedMs: number | null
  readonly closedBy: string | null
}
export type AlertPage = { readonly alerts: readonly KeptAlert[]; readonly next: string | null }

/** The same thing again within this time is the same alert, as long as nobody has closed it. */
const SAME_MS = 7 * 86_400_000

export type LookAt = {
  readonly nowMs: number
  /** What is later was told while the clock was ahead. */
  readonly latestMs: number
  /** The clock has jumped: how long ago something was cannot be known. */
  readonly clockJumped: boolean
}

/** Alerts as they were raised, each once. */
export class AlertLog {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  /**
   * Keeps what is new, and brings the evidence of what goes on up to date. A closed alert comes back only as a new one, for
   * flows after it was closed. What a clock that was ahead has left in the future keeps nothing quiet. Returns those that are new.
   */
  record(alerts: readonly Alert[], look: LookAt): Promise<readonly KeptAlert[]> {
    return this.#database.transaction(async (inside) => {
      const fresh: KeptAlert[] = []
      for (const alert of alerts) fresh.push(...(await recordOne(inside, alert, look)))
      return fresh
    })
  }

  /** Newest first. */
  async list(options: {
    readonly limit: number
    readonly after?: string
    readonly open?: boolean
    readonly detector?: string | undefined
    readonly severity?: string | undefined
  }): Promise<AlertPage> {
    const [lastMs, id] = parseCursor(options.after)
    const { limit, open = false, detector = null, severity = null } = options
    const rows = await this.#database.all(
      `SELECT * FROM alerts WHERE ("lastMs" < $lastMs OR ("lastMs" = $lastMs AND id < $id))
      ${open ? 'AND "closedMs" IS NULL' : ''} ${detector === null ? '' : 'AND detector = $detector'}
      ${severity === null ? '' : 'AND severity = $severity'} ORDER BY "lastMs" DESC, id DESC LIMIT $limit`,
      {
        lastMs,
        id,
        limit: limit + 1,
        ...(detector === null ? {} : { detector }),
        ...(severity === null ? {} : { severity }),
      },
    )
    const alerts = rows.slice(0, options.limit).map(readAlert)
    const last = alerts.at(-1)
    return { alerts, next: rows.length > options.limit && last !== undefined ? `${last.lastMs}.${last.id}` : null }
  }

  /** False when there is no open alert of this id. */
  async close(id: string, by: string, nowMs: number): Promise<boolean> {
    const sql = 'UPDATE alerts SET "closedMs" = $nowMs, "closedBy" = $by WHERE id = $id AND "closedMs" IS NULL'
    return (await this.#database.run(sql, { id, by, nowMs })) > 0
  }

  /** Removes alerts whose last flow is older. */
  expire(beforeMs: number): Promise<number> {
    return this.#database.run('DELETE FROM alerts WHERE "lastMs" < $beforeMs', { beforeMs })
  }
}

async function recordOne(
  inside: StateStatements,
  alert: Alert,
  { latestMs, clockJumped }: LookAt,
): Promise<readonly KeptAlert[]> {
  const { detector, subject, destination, firstMs, lastMs } = alert
  const latest = (await inside.get(
    `SELECT id, "lastMs", "closedMs" FROM alerts WHERE detector = $detector AND subject = $subject AND destination = $destination
    ORDER BY CASE WHEN "closedMs" IS NULL THEN 0 ELSE 1 END, CASE WHEN "lastMs" <= $latestMs THEN 0 ELSE 1 END, "lastMs" DESC LIMIT 1`,
    { detector, subject, destination, latestMs },
  )) as { id: string; lastMs: number; closedMs: number | null } | null
  if (latest === null) return [await insert(inside, alert)]
  const isOfFuture = latest.lastMs > latestMs
  if (latest.closedMs !== null) {
    const closedMs = latest.closedMs > latestMs ? latest.lastMs : latest.closedMs
    return isOfFuture || lastMs > closedMs ? [await insert(inside, alert)] : []
  }
  if (firstMs > latest.lastMs + SAME_MS && !clockJumped) return [await insert(inside, alert)]
  if (lastMs >= latest.lastMs || isOfFuture) await update(inside, latest.id, alert)
  return []
}

async function insert(inside: StateStatements, alert: Alert): Promise<KeptAlert> {
  const id = randomUUID()
  await inside.run(
    `INSERT INTO alerts (id, detector, severity, subject, destination, sentence, technique, numbers, series, "firstMs", "lastMs")
    VALUES ($id, $detector, $severity, $subject, $destination, $sentence, $technique, $numbers, $series, $firstMs, $lastMs)`,
    {
      id,
      detector: alert.detector,
      subject: alert.subject,
      destination: alert.destination,
      technique: JSON.stringify(alert.technique),
      ...evidenceOf(alert),
    },
  )
  return { ...alert, id, closedMs: null, closedBy: null }
}

async function update(inside: StateStatements, id: string, alert: Alert): Promise<void> {
  await inside.run(
    `UPDATE alerts SET severity = $severity, sentence = $sentence, numbers = $numbers, series = $series,
    "firstMs" = CASE WHEN "firstMs" < $firstMs THEN "firstMs" ELSE $firstMs END, "lastMs" = $lastMs WHERE id = $id`,
    { id, ...evidenceOf(alert) },
  )
}

function evidenceOf(alert: Alert): StateParams {
  const { severity, sentence, numbers, series, firstMs, lastMs } = alert
  const [first, last] = [firstMs, lastMs].map(Math.floor) as [number, number]
  return {
    severity,
    sentence,
    numbers: JSON.stringify(numbers),
    series: JSON.stringify(series),
    firstMs: first,
    lastMs: last,
  }
}

function readAlert(row: StateRow): KeptAlert {
  const [technique, numbers, series] = [row['technique'], row['numbers'], row['series']].map((text) =>
    JSON.parse(String(text)),
  )
  return { ...row, technique, numbers, series } as unknown as KeptAlert
}

/** What is no cursor begins at the newest. */
function parseCursor(text: string | undefined): readonly [number, string] {
  const [, lastMs, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text ?? '') ?? []
  return lastMs === undefined ? [Number.MAX_SAFE_INTEGER, ''] : [Number(lastMs), id!]
}
