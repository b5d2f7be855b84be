import { SallyportError, type Mode } from '@sallyport/policy'
import { diffPolicyFiles } from './diff-policy-files.ts'
import type { StateDatabase, StateRow, StateStatements } from './state-database.ts'

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
  async list(limit = 1000): Promise<readonly Omit<PolicyVersion, 'files'>[]> {
    const sql =
      'SELECT version, author, reason, "createdMs", mode FROM policy_versions ORDER BY version DESC LIMIT $limit'
    return (await this.#database.all(sql, { limit })).map(readHead)
  }

  get(version: number): Promise<PolicyVersion | null> {
    return versionOf(this.#database, version)
  }

  inForce(): Promise<PolicyInForceState> {
    return inForce(this.#database)
  }

  /**
   * A new version, in force from now. With `confirmByMs` it is on trial: the version confirmed before stays the one to return
   * to. Files equal to those in force, in the same mode, make no new version.
   */
  apply(
    change: Omit<PolicyVersion, 'version'> & { readonly confirmByMs: number | null },
  ): Promise<PolicyInForceState & { readonly version: number }> {
    return this.#database.transaction(async (inside) => {
      const before = await inForce(inside)
      const version = (await sameAs(inside, before.version, change)) ?? (await add(inside, change))
      const confirmed = change.confirmByMs === null || before.confirmed === version ? version : before.confirmed
      const after = { version, confirmed, confirmByMs: confirmed === version ? null : change.confirmByMs }
      await setInForce(inside, after)
      return after
    })
  }

  /** The policy on trial stays. False when none is, or its time has passed. */
  confirm(nowMs: number): Promise<boolean> {
    return this.#database.transaction(async (inside) => {
      const { version, confirmByMs } = await inForce(inside)
      if (confirmByMs === null || confirmByMs <= nowMs) return false
      await setInForce(inside, { version, confirmed: version, confirmByMs: null })
      return true
    })
  }

  /** Ends a trial whose time has passed. True when the version in force changed. */
  expireTrial(nowMs: number): Promise<boolean> {
    return this.#database.transaction(async (inside) => {
      const { confirmed, confirmByMs } = await inForce(inside)
      if (confirmByMs === null || confirmByMs > nowMs) return false
      await setInForce(inside, { version: confirmed, confirmed, confirmByMs: null })
      return true
    })
  }

  /**
   * Where a rollback leads: to the version given, else the one confirmed before a trial, else the one before. Null (no policy) is
   * returned to only from a trial. Throws `usage` when there is none.
   */
  rollbackTarget(to: number | null): Promise<number | null> {
    return this.#database.transaction(async (inside) => {
      const { version, confirmed, confirmByMs } = await inForce(inside)
      const target = to ?? (confirmByMs === null ? await before(inside, version) : confirmed)
      if (target === null ? confirmByMs === null : (await versionOf(inside, target)) === null)
        throw new SallyportError(
          'usage',
          to === null ? 'there is no earlier policy' : `there is no policy version ${to}`,
          { remedy: '`sallyport status` lists the versions.' },
        )
      return target
    })
  }

  /** Ends a trial, too. */
  setRolledBack(target: number | null): Promise<void> {
    return setInForce(this.#database, { version: target, confirmed: target, confirmByMs: null })
  }

  /**
   * What a host holds that could not say so when it came to hold it. A version that is not here, or is another here, gets a
   * number of its own.
   */
  reconcile(
    current: PolicyVersion | null,
    confirmed: PolicyVersion | null,
    confirmByMs: number | null,
  ): Promise<PolicyInForceState> {
    return this.#database.transaction(async (inside) => {
      const numberOf = async (held: PolicyVersion | null): Promise<number | null> =>
        held === null ? null : ((await sameAs(inside, held.version, held)) ?? (await add(inside, held)))
      const first = await numberOf(confirmed)
      const version = confirmed?.version === current?.version ? first : await numberOf(current)
      const held = { version, confirmed: first, confirmByMs }
      await setInForce(inside, held)
      return held
    })
  }

  /** What changed between two versions, as a unified diff; null is no policy. */
  async diff(from: number | null, to: number | null): Promise<string> {
    const labelled = async (version: number | null) => ({
      files: version === null ? [] : ((await this.get(version))?.files ?? []),
      label: version === null ? 'no policy' : `version ${version}`,
    })
    return diffPolicyFiles(await labelled(from), await labelled(to))
  }
}

async function inForce(on: StateStatements): Promise<PolicyInForceState> {
  const row = await on.get('SELECT version, confirmed, "confirmByMs" FROM policy_in_force WHERE id = 1')
  return row === null ? NOTHING : { ...(row as PolicyInForceState) }
}

async function versionOf(on: StateStatements, version: number): Promise<PolicyVersion | null> {
  const row = await on.get('SELECT * FROM policy_versions WHERE version = $version', { version })
  return row === null ? null : { ...readHead(row), files: JSON.parse(String(row['files'])) as readonly PolicyFile[] }
}

async function sameAs(
  on: StateStatements,
  version: number | null,
  { files, mode }: Pick<PolicyVersion, 'files' | 'mode'>,
): Promise<number | null> {
  const held = version === null ? null : await versionOf(on, version)
  return held !== null && held.mode === mode && JSON.stringify(held.files) === JSON.stringify(files) ? version : null
}

async function before(on: StateStatements, version: number | null): Promise<number | null> {
  const sql = 'SELECT max(version) AS version FROM policy_versions WHERE version < $version'
  const row = await on.get(sql, { version })
  return (row?.['version'] as number | null | undefined) ?? null
}

async function add(
  on: StateStatements,
  { author, reason, createdMs, mode, files }: Omit<PolicyVersion, 'version'>,
): Promise<number> {
  const row = await on.get('SELECT max(version) AS version FROM policy_versions')
  const version = Number(row?.['version'] ?? 0) + 1
  await on.run(
    'INSERT INTO policy_versions (version, author, reason, "createdMs", mode, files) VALUES ($version, $author, $reason, $createdMs, $mode, $files)',
    { version, author, reason, createdMs, mode, files: JSON.stringify(files) },
  )
  return version
}

async function setInForce(on: StateStatements, state: PolicyInForceState): Promise<void> {
  await on.run(
    `INSERT INTO policy_in_force (id, version, confirmed, "confirmByMs") VALUES (1, $version, $confirmed, $confirmByMs)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, confirmed = excluded.confirmed, "confirmByMs" = excluded."confirmByMs"`,
    { ...state },
  )
}

function readHead(row: StateRow): Omit<PolicyVersion, 'files'> {
  const { version, author, reason, createdMs, mode } = row as Omit<PolicyVersion, 'files'>
  return { version, author, reason, createdMs, mode }
}
