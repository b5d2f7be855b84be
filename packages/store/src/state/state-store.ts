import { AlertLog } from './alert-log.ts'
import { AuditLog } from './audit-log.ts'
import { Mutes } from './mutes.ts'
import { PolicyVersions } from './policy-versions.ts'
import { isPostgresUrl, parsePostgresUrl } from './postgres-address.ts'
import { Settings } from './settings.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import type { StateDatabase } from './state-database.ts'
import { Users } from './users.ts'

/** What a host is told and decides about itself, other than flows. */
export class StateStore implements AsyncDisposable {
  readonly policies: PolicyVersions
  readonly settings: Settings
  readonly alerts: AlertLog
  readonly mutes: Mutes
  readonly users: Users
  readonly audit: AuditLog
  readonly #database: StateDatabase

  private constructor(database: StateDatabase) {
    this.#database = database
    this.policies = new PolicyVersions(database)
    this.settings = new Settings(database)
    this.alerts = new AlertLog(database)
    this.mutes = new Mutes(database)
    this.users = new Users(database)
    this.audit = new AuditLog(database)
  }

  /**
   * A file, `:memory:`, or the URL of a PostgreSQL database, which need not answer yet. Throws `state-unavailable` for a file
   * that is none, `usage` for a URL that is none.
   */
  static async open(location: string): Promise<StateStore> {
    if (!isPostgresUrl(location)) return new StateStore(await SqliteDatabase.open(location))
    // Only here: most commands would load the driver at their start for nothing.
    const { PostgresDatabase } = await import('./postgres-database.ts')
    return new StateStore(new PostgresDatabase(parsePostgresUrl(location)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]()
  }
}
