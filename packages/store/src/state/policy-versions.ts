import { SallyportError, type Mode } from '@sallyport/policy'
import { diffPolicyFiles } from './diff-policy-files.ts'
import type { StateDatabase, StateRow } from './state-database.ts'

/** A policy file as it was given; several are layers. */
export type PolicyFile = { readonly file: string; readonly text: string }

export type PolicyVersion = {
  readonly version: number
  readonly author: string
  readonly reason: string
  readonly createdMs: number
  /** `monitor`: everything is let through, whatever the files say. `enforce`: what they deny is stopped. */
  readonly mode: Mode
  readonly files: readonly PolicyFile[]
}

/** `version` is in force; when `confirmByMs` passes unconfirmed, `confirmed` comes back. Null: none was ever. */
export type PolicyInForceState = {
  readonly version: number | null
  readonly confirmed: number | null
  readonly confirmByMs: number | null
}

const NOTHING: PolicyInForceState = { version: null, confirmed: null, confirmByMs: null }

/** Every policy that was ever applied, and which of them holds. */
export class PolicyVersions {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  /** Newest first, without the files' texts. */
  list(limit = 1000): readonly Omit<PolicyVersion, 'files'>[] {
    return this.#database
      .all(
        'SELECT version, author, reason, "createdMs", mode FROM policy_versions ORDER BY version DESC LIMIT $limit',
        {
          limit,
        },
      )
      .map(readHead)
  }

  get(version: number): PolicyVersion | null {
    const row = this.#database.get('SELECT * FROM policy_versions WHERE version = $version', { version })
    return row === null ? null : { ...readHead(row), files: JSON.parse(String(row['files'])) as readonly PolicyFile[] }
  }

  inForce(): PolicyInForceState {
    const row = this.#database.get('SELECT version, confirmed, "confirmByMs" FROM policy_in_force WHERE id = 1')
    return row === null ? NOTHING : { ...(row as PolicyInForceState) }
  }

  /**
   * A new version, in force from now. With `confirmByMs` it is on trial: the version confirmed before stays the one to return
   * to. Files equal to those in force, in the same mode, make no new version.
   */
  apply(
    change: Omit<PolicyVersion, 'version'> & { readonly confirmByMs: number | null },
  ): PolicyInForceState & { readonly version: number } {
    return this.#database.transaction(() => {
      const before = this.inForce()
      const version = this.#sameAs(before.version, change) ?? this.#add(change)
      const confirmed = change.confirmByMs === null || before.confirmed === version ? version : before.confirmed
      const after = { version, confirmed, confirmByMs: confirmed === version ? null : change.confirmByMs }
      this.#setInForce(after)
      return after
    })
  }

  /** The policy on trial stays. False when none is, or its time has passed. */
  confirm(nowMs: number): boolean {
    return this.#database.transaction(() => {
      const { version, confirmByMs } = this.inForce()
      if (confirmByMs === null || confirmByMs <= nowMs) return false
      this.#setInForce({ version, confirmed: version, confirmByMs: null })
      return true
    })
  }

  /** Ends a trial whose time has passed. True when the version in force changed. */
  expireTrial(nowMs: number): boolean {
    return this.#database.transaction(() => {
      const { confirmed, confirmByMs } = this.inForce()
      if (confirmByMs === null || confirmByMs > nowMs) return false
      this.#setInForce({ version: confirmed, confirmed, confirmByMs: null })
      return true
    })
  }

  /**
   * Where a rollback leads: to the version given, else the one confirmed before a trial, else the one before. Null (no policy) is
   * returned to only from a trial. Throws `usage` when there is none.
   */
  rollbackTarget(to: number | null): number | null {
    const { version, confirmed, confirmByMs } = this.inForce()
    const target = to ?? (confirmByMs === null ? this.#before(version) : confirmed)
    if (target === null ? confirmByMs === null : this.get(target) === null)
      throw new SallyportError(
        'usage',
        to === null ? 'there is no earlier policy' : `there is no policy version ${to}`,
        {
          remedy: '`sallyport status` lists the versions.',
        },
      )
    return target
  }

  /** Ends a trial, too. */
  setRolledBack(target: number | null): void {
    this.#setInForce({ version: target, confirmed: target, confirmByMs: null })
  }

  /** What changed between two versions, as a unified diff; null is no policy. */
  diff(from: number | null, to: number | null): string {
    const labelled = (version: number | null) => ({
      files: version === null ? [] : (this.get(version)?.files ?? []),
      label: label(version),
    })
    return diffPolicyFiles(labelled(from), labelled(to))
  }

  #sameAs(version: number | null, { files, mode }: Pick<PolicyVersion, 'files' | 'mode'>): number | null {
    const held = version === null ? null : this.get(version)
    return held !== null && held.mode === mode && JSON.stringify(held.files) === JSON.stringify(files) ? version : null
  }

  #before(version: number | null): number | null {
    const row = this.#database.get('SELECT max(version) AS version FROM policy_versions WHERE version < $version', {
      version,
    })
    return (row?.['version'] as number | null | undefined) ?? null
  }

  #add({ author, reason, createdMs, mode, files }: Omit<PolicyVersion, 'version'>): number {
    const row = this.#database.get('SELECT max(version) AS version FROM policy_versions')
    const version = Number(row?.['version'] ?? 0) + 1
    this.#database.run(
      'INSERT INTO policy_versions (version, author, reason, "createdMs", mode, files) VALUES ($version, $author, $reason, $createdMs, $mode, $files)',
      { version, author, reason, createdMs, mode, files: JSON.stringify(files) },
    )
    return version
  }

  #setInForce(state: PolicyInForceState): void {
    this.#database.run(
      `INSERT INTO policy_in_force (id, version, confirmed, "confirmByMs") VALUES (1, $version, $confirmed, $confirmByMs)
      ON CONFLICT (id) DO UPDATE SET version = excluded.version, confirmed = excluded.confirmed, "confirmByMs" = excluded."confirmByMs"`,
      { ...state },
    )
  }
}

function readHead(row: StateRow): Omit<PolicyVersion, 'files'> {
  const { version, author, reason, createdMs, mode } = row as Omit<PolicyVersion, 'files'>
  return { version, author, reason, createdMs, mode }
}

function label(version: number | null): string {
  return version === null ? 'no policy' : `version ${version}`
}
