import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SallyportError } from '@sallyport/policy'
import type { AuditEntry, PolicyVersion } from '@sallyport/store'
import * as z from 'zod'

export type CopiedPolicies = {
  readonly current: PolicyVersion | null
  readonly confirmed: PolicyVersion | null
  readonly confirmByMs: number | null
  /** The state store does not know it yet. */
  readonly isAhead: boolean
  /** What the audit log is still to be told. */
  readonly owed: readonly Omit<AuditEntry, 'id'>[]
}

const Version = z.strictObject({
  version: z.int().positive(),
  author: z.string(),
  reason: z.string(),
  createdMs: z.number(),
  mode: z.enum(['monitor', 'enforce']),
  files: z.array(z.strictObject({ file: z.string(), text: z.string() })),
})
const Entry = z.strictObject({ timeMs: z.number(), actor: z.string(), action: z.string(), target: z.string() })
const Copy = z.strictObject({
  current: Version.nullable(),
  confirmed: Version.nullable(),
  confirmByMs: z.number().nullable(),
  isAhead: z.boolean(),
  owed: z.array(Entry),
})

/** What holds on this host, on its own disk: enough to start again while the state database does not answer. */
export class PolicyCopy {
  readonly #path: string

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, 'policy-copy.json')
  }

  /** Null when there is none yet. Throws `state-unavailable` for what is none. */
  read(): CopiedPolicies | null {
    try {
      return Copy.parse(JSON.parse(readFileSync(this.#path, 'utf8')))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
      throw new SallyportError('state-unavailable', `${this.#path} is no copy of a policy`, { cause })
    }
  }

  /** The whole copy is on disk when this returns, or the one before still is. */
  write(copied: CopiedPolicies): void {
    const whole = `${this.#path}.new`
    const file = openSync(whole, 'w', 0o600)
    try {
      writeSync(file, JSON.stringify(copied))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(whole, this.#path)
    const directory = openSync(dirname(this.#path), 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
  }
}
