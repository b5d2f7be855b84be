import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../packages/kernel/test/eventually.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const RATE = 1000
const FULL_MS = 8000

/** A disk of its own for one directory of the state. */
function smallDisk(path: string, size: string): Disposable {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', path])
  return { [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]) }
}

/** Nobody stores, the spool's disk fills; then there is room again. */
export async function spoolDiskFull(): Promise<Outcome> {
  await using host = await GuardedHost.open(['--no-console'])
  const spool = join(host.state, 'spool')
  using _disk = smallDisk(spool, '1m')
  await host.start()
  const faults: string[] = []
  const load = await underLoad(host, RATE, async () => {
    await eventually(async () => (await host.status()).spool.dropped['spool-unwritable']! > 0, 'the disk is full')
    faults.push(...(await host.faults()))
    await sleep(FULL_MS)
    execFileSync('mount', ['-o', 'remount,size=64m', spool])
    await sleep(FULL_MS)
    faults.push(...(await host.faults()))
  })
  await host.end('SIGTERM')
  return { ...load, ...(await host.recorded()), faults, mostLost: 0 }
}

/** The store's disk is full from the beginning of the load on; then there is room again. */
export async function storeDiskFull(): Promise<Outcome> {
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299'])
  const store = join(host.state, 'flows')
  using _disk = smallDisk(store, '64m')
  await host.start()
  await host.deskPid()
  const filler = join(store, 'filler')
  const faults: string[] = []
  await eventually(async () => (await host.recorded()).stored === 0, 'the store answers')
  const load = await underLoad(host, RATE, async () => {
    const { bavail, bsize } = statfsSync(store)
    // The store may take some of it meanwhile.
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 16) * bsize))
    await sleep(FULL_MS)
    faults.push(...(await host.faults()))
    rmSync(filler)
    await sleep(FULL_MS)
  })
  await eventually(async () => (await host.recorded()).stored === load.tried, 'all is stored')
  await host.end('SIGTERM')
  return { ...load, ...(await host.recorded()), faults, mostLost: 0 }
}
