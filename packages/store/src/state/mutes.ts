import { randomUUID } from 'node:crypto'
import type { Alert } from '@sallyport/detect'
import type { StateDatabase } from './state-database.ts'

/** Alerts that nobody wants to see until then; null stands for any. */
export type Mute = {
  readonly id: string
  readonly detector: string | null
  readonly subject: string | null
  readonly destination: string | null
  readonly untilMs: number
  readonly reason: string
  readonly author: string
  readonly createdMs: number
}

/** Clocks of machines differ by less. */
const MOST_AHEAD_MS = 300_000

export class Mutes {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  async add(mute: Omit<Mute, 'id'>): Promise<Mute> {
    const added = { id: randomUUID(), ...mute }
    await this.#database.run(
      `INSERT INTO mutes (id, detector, subject, destination, "untilMs", reason, author, "createdMs")
      VALUES ($id, $detector, $subject, $destination, $untilMs, $reason, $author, $createdMs)`,
      added,
    )
    return added
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#database.run('DELETE FROM mutes WHERE id = $id', { id })) > 0
  }

  /** Those that still hold, the newest first. One that a clock ahead of time has put off begins when its time comes. */
  async list(nowMs: number): Promise<readonly Mute[]> {
    const rows = await this.#database.all(
      'SELECT * FROM mutes WHERE "untilMs" > $nowMs AND "createdMs" <= $latestMs ORDER BY "createdMs" DESC, id',
      { nowMs, latestMs: nowMs + MOST_AHEAD_MS },
    )
    return rows as unknown as readonly Mute[]
  }
}

export function isMuted(alert: Pick<Alert, 'detector' | 'subject' | 'destination'>, mutes: readonly Mute[]): boolean {
  return mutes.some((mute) =>
    (['detector', 'subject', 'destination'] as const).every((key) => mute[key] === null || mute[key] === alert[key]),
  )
}
