import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GuardedHost, Load } from '../guarded-host.ts'

/** What the load met while `meanwhile` went on. */
export async function underLoad(
  host: GuardedHost,
  perSecond: number,
  meanwhile: () => Promise<void>,
  program?: readonly string[],
): Promise<Load> {
  const stop = join(tmpdir(), `sallyport-faults-${process.pid}`)
  const load = host.load(perSecond, stop, program)
  try {
    await meanwhile()
  } finally {
    writeFileSync(stop, '')
  }
  const met = await load
  rmSync(stop)
  return met
}
