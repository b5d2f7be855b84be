import { AlertLog } from './alert-log.ts'
import { AuditLog } from './audit-log.ts'
import { Mutes } from './mutes.ts'
import { PolicyVersions } from './policy-versions.ts'
import { Settings } from './settings.ts'
import { StateDatabase } from './state-database.ts'
import { Users } from './users.ts'

/** What a host is told and decides about itself, other than flows. */
export class StateStore implements Disposable {
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

  /** A file, or `:memory:`. Throws `state-unavailable`. */
  static open(path: string): StateStore {
    return new StateStore(StateDatabase.open(path))
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]()
  }
}
