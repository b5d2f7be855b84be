import { homedir } from 'node:os'
import { join } from 'node:path'

const SYSTEM = '/var/lib/sallyport'

/**
 * Where Sallyport keeps what it knows between commands: `SALLYPORT_STATE`, else /var/lib/sallyport for root and the user's
 * own state directory for others (XDG Base Directory Specification).
 */
export function stateDirectory(): string {
  const given = process.env['SALLYPORT_STATE']
  if (given !== undefined && given !== '') return given
  if ((process.getuid?.() ?? 0) === 0) return SYSTEM
  const state = process.env['XDG_STATE_HOME']
  return join(state?.startsWith('/') ? state : join(homedir(), '.local/state'), 'sallyport')
}

/** Own directory first; an ordinary user reads what root keeps too, unless a directory was named. */
export function readableStates(kind: string): readonly string[] {
  const own = stateDirectory()
  const isNamed = (process.env['SALLYPORT_STATE'] ?? '') !== ''
  return [...new Set(isNamed ? [own] : [own, SYSTEM])].map((directory) => join(directory, kind))
}
