import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A directory beside the pins says what else is ours to undo, whoever of us does it. */
export const OWN = 'own-'

/** What was changed for a gateway is known to the one that takes over from it. */
export function rememberOwn(pins: string, what: string): void {
  mkdirSync(join(pins, `${OWN}${what}`), { recursive: true })
}

export function isOwn(pins: string, what: string): boolean {
  return existsSync(join(pins, `${OWN}${what}`))
}
