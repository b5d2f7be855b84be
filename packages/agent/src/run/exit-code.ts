import { constants } from 'node:os'

/** As a shell says it: a signal is 128 and its number. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal !== null) return 128 + constants.signals[signal]
  return code ?? 0
}

/** As a shell says it: 127 for a command that is not there, 126 for one that cannot be executed. */
export function exitCodeOfSpawnError(error: unknown): 126 | 127 | null {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') return 127
  return code === 'EACCES' || code === 'ENOEXEC' || code === 'EPERM' || code === 'EISDIR' ? 126 : null
}
