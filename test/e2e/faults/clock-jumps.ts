import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../packages/kernel/test/eventually.ts'
import { HOSTS } from '../lab-hosts.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const RATE = 500
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000]
const YEAR_MS = 364 * DAY_MS
/** Of the same week, noon of a day on which the office is open. */
const WEDNESDAY_MS = DAY_MS * (Math.floor((Date.now() / DAY_MS - 4) / 7) * 7 + 6) + 12 * HOUR_MS
const OFFICE_MS = 2000
const TRIAL_SECONDS = 15

/** From that noon on; a jump each. */
const TIMES = [
  ['noon of a Wednesday', 0, true],
  ['noon of a Saturday', 3 * DAY_MS, false],
  ['midnight', 12 * HOUR_MS, false],
  ['a year later', YEAR_MS, true],
  ['an hour before', -HOUR_MS, true],
  ['four weeks before', -28 * DAY_MS, true],
  ['a Monday at two', -2 * DAY_MS - 10 * HOUR_MS, false],
  ['years later', 10 * YEAR_MS, true],
] as const

/** The time of day of `up` jumps while it runs, those of processes around it and monotonic clocks do not. */
export async function clockJumps(): Promise<Outcome> {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  if (library === undefined || !existsSync(library)) throw new Error('needs the package faketime')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-clock-'))
  const file = join(folder, 'offset')
  const setTo = (ms: number): void =>
    writeFileSync(file, `${ms < Date.now() ? '-' : '+'}${Math.round(Math.abs(ms - Date.now()) / 1000)}`)
  setTo(WEDNESDAY_MS)
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299'], { env })
  const faults: string[] = []
  /** What `name` answers to after a jump that may take a second to be seen. */
  const look = async (when: string, isOpen: boolean): Promise<void> => {
    if (!(await host.reaches('allowed.test', HOSTS['allowed.test']![0])))
      faults.push(`${when}: an address that was an answer is not reached`)
    await sleep(OFFICE_MS)
    faults.push(...(await host.faults()).map((fault) => `${when}: ${fault}`))
    if ((await host.reaches('git.test')) !== isOpen) faults.push(`${when}: the office is ${isOpen ? 'shut' : 'open'}`)
  }
  const tryUnder = async (jumpMs: number): Promise<void> => {
    const when = `a trial while the clock goes ${jumpMs / DAY_MS} days`
    const began = performance.now()
    await host.try(TRIAL_SECONDS)
    setTo(WEDNESDAY_MS + jumpMs)
    await sleep(OFFICE_MS)
    if (!(await host.reachesDenied())) faults.push(`${when}: is over at once`)
    await eventually(async () => !(await host.reachesDenied()), `${when}: ends`)
    const seconds = (performance.now() - began) / 1000
    if (seconds > TRIAL_SECONDS + 10) faults.push(`${when}: takes ${seconds} seconds`)
  }
  try {
    await host.start()
    await host.deskPid()
    await host.faults()
    const load = await underLoad(host, RATE, async () => {
      for (const [when, afterMs, isOpen] of TIMES) {
        setTo(WEDNESDAY_MS + afterMs)
        await look(when, isOpen)
      }
      for (const jumpMs of [0, YEAR_MS, -YEAR_MS]) {
        setTo(WEDNESDAY_MS)
        await tryUnder(jumpMs)
      }
      // Detectors look once a minute.
      await sleep(60_000)
      await look('the end', true)
    })
    await eventually(async () => (await host.recorded()).stored === load.tried, 'all is stored')
    const alerts = await host.alerts()
    await host.end('SIGTERM')
    return { ...load, ...(await host.recorded()), faults, mostLost: 0, alerts }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
