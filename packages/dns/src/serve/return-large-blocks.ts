import koffi from 'koffi'

const M_TRIM_THRESHOLD = -1
const M_MMAP_THRESHOLD = -3
const LARGE_OCTETS = 2 ** 20
const KEPT_OCTETS = 4 * LARGE_OCTETS

/**
 * At the start of a process that reads large lists now and then: memory of them goes back to the system as soon as it is free. By itself
 * the C library of GNU takes what was large once for usual, and keeps up to 64 MB for each thread that ever was. Other libraries
 * are left as they are.
 */
export function returnLargeBlocks(): void {
  try {
    const mallopt = koffi.load('libc.so.6').func('int mallopt(int what, int value)')
    mallopt(M_MMAP_THRESHOLD, LARGE_OCTETS)
    mallopt(M_TRIM_THRESHOLD, KEPT_OCTETS)
  } catch {
    // Not the C library of GNU.
  }
}
