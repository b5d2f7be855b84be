import { clockJumps } from './clock-jumps.ts'
import { flood } from './flood.ts'
import { killProcesses } from './kill-processes.ts'
import { rush } from './rush.ts'
import type { Scene } from './scene.ts'
import { spoolDiskFull, storeDiskFull } from './disk-full.ts'
import { storeAway } from './store-away.ts'

export const ALL_SCENES: Readonly<Record<string, Scene>> = {
  kills: killProcesses,
  'spool-disk': spoolDiskFull,
  'store-disk': storeDiskFull,
  'store-away': storeAway,
  clock: clockJumps,
  flood,
  rush,
}
