import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * After another list took the place of a large one, which V8 would keep until it needs the room: in a resolver nothing does. A few
 * milliseconds, as the lists themselves are no objects. Not in the turn that replaced: it holds the old one still.
 */
export function dropWhatWasReplaced(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined
  collect?.()
}
