import koffi from 'koffi'

const BOOTTIME = 7
let clock: ((id: number, out: Uint8Array) => number) | undefined

/** Nanoseconds of CLOCK_BOOTTIME, the clock of the kernel's bindings. */
export function bootNs(): bigint {
  clock ??= koffi.load('libc.so.6').func('int clock_gettime(int id, void *out)') as unknown as typeof clock
  const out = new Uint8Array(16)
  clock!(BOOTTIME, out)
  const view = new DataView(out.buffer)
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true)
}

/** Its milliseconds. Nobody can set it, and it goes on while the machine sleeps. */
export function bootMs(): number {
  return Number(bootNs() / 1_000_000n)
}
