import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SallyportError } from '@sallyport/policy'
import type { PostgresAddress } from './postgres-address.ts'

/**
 * As PostgreSQL's own programs find it: PGPASSWORD, else the first line of PGPASSFILE or ~/.pgpass that fits
 * (PostgreSQL, "The Password File"). It is asked for at each connection, so a new one needs no restart. Null: none.
 */
export async function postgresPassword(
  address: PostgresAddress,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const given = environment['PGPASSWORD']
  if (given !== undefined && given !== '') return given
  const named = environment['PGPASSFILE']
  const text = await readPrivate(named ?? join(homedir(), '.pgpass'), named !== undefined)
  // Of a socket in a directory, the file says localhost.
  const host = address.host.startsWith('/') ? 'localhost' : address.host
  const wanted = [host, String(address.port), address.database, address.user]
  const found = (text ?? '')
    .split('\n')
    .map(fieldsOf)
    .find((fields) => fields.length === 5 && wanted.every((value, at) => fields[at] === '*' || fields[at] === value))
  return found?.[4] ?? null
}

async function readPrivate(path: string, isNamed: boolean): Promise<string | null> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0)
      throw new SallyportError('state-unavailable', `${path} holds passwords and may be read by others`, {
        remedy: `chmod 600 ${path}`,
      })
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause
    if (!isNamed) return null
    throw new SallyportError('state-unavailable', `the password file ${path} cannot be read`, { cause })
  }
}

/** `\:` and `\\` stand for themselves. */
function fieldsOf(line: string): readonly string[] {
  if (line.startsWith('#')) return []
  return [...line.trimEnd().matchAll(/(?:^|:)((?:\\.|[^:\\])*)/g)].map(([, field]) => field!.replace(/\\(.)/g, '$1'))
}
