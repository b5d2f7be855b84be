import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import koffi from 'koffi'

/**
 * After a large list was read. V8 and the allocator keep what reading took, five times what stays, until something else needs
 * it: in a resolver nothing does. Where there is no such function, they keep it. Not in the turn that read: it holds the list still.
 */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('globalThis.gc') as (() => void) | undefined
  collect?.()
  try {
    koffi.load('libc.so.6').func('int malloc_trim(size_t pad)')(0)
  } catch {
    // Not the C library of GNU.
  }
}
