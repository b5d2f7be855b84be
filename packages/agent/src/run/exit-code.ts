import { constants } from 'node:os'

/** As a shell says it: a signal is 128 and its number. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal !== null) return 128 + constants.signals[signal]
  return code ?? 0
}
