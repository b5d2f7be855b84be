import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where Sallyport keeps what it knows between commands: `SALLYPORT_STATE`, else /var/lib/sallyport for root and the user's
 * own state directory for others (XDG Base Directory Specification).
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env, uid: number = process.getuid?.() ?? 0): string {
  const given = env['SALLYPORT_STATE']
  if (given !== undefined && given !== '') return given
  if (uid === 0) return '/var/lib/sallyport'
  const state = env['XDG_STATE_HOME']
  return join(state?.startsWith('/') ? state : join(homedir(), '.local/state'), 'sallyport')
}
