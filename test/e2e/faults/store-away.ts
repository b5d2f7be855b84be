import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  buildServer,
  ClickHouseServer,
  LOGIN,
  noServer,
} from '../../../packages/store/test/cluster/clickhouse-server.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const [HTTP, TCP] = [8123, 9000]
const BEFORE_MS = 10_000
const LOOK_MS = 60_000
/** Each second of its absence is a batch, and on a busy machine two of them take a second. */
const LEAST_MS_TO_STORE = 20 * 60_000

/** A ClickHouse server that is killed and stays away for so many seconds, while so many flows a second are decided. */
export async function storeAway(_seed: number, seconds = 20, perSecond = 500): Promise<Outcome> {
  const missing = noServer()
  if (missing !== null) throw new Error(missing)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-away-'))
  const place = ['--store', `http://${LOGIN}@127.0.0.1:${HTTP}/flows`]
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299', ...place])
  const server = new ClickHouseServer({
    program: buildServer(folder),
    home: join(folder, 'home'),
    http: HTTP,
    tcp: TCP,
    config: '',
    prefix: host.inItsNetwork,
  })
  const mostMsToStore = Math.max(LEAST_MS_TO_STORE, seconds * 1000)
  const faults: string[] = []
  try {
    await server.start()
    await host.start()
    await host.deskPid()
    let spooled = 0
    const load = await underLoad(host, perSecond, async () => {
      await sleep(BEFORE_MS)
      faults.push(...(await host.faults()))
      await server.kill()
      for (let leftMs = seconds * 1000; leftMs > 0; leftMs -= LOOK_MS) {
        await sleep(Math.min(leftMs, LOOK_MS))
        faults.push(...(await host.faults()))
      }
      spooled = (await host.status()).spool.spooled
      await server.start()
      await sleep(BEFORE_MS)
    })
    const backAt = performance.now()
    const counted = async (): Promise<number> => {
      const { stored, dropped } = await host.recorded(...place)
      return stored + Object.values(dropped).reduce((sum, count) => sum + count, 0)
    }
    while ((await counted()) < load.tried && performance.now() - backAt < mostMsToStore) await sleep(1000)
    const secondsToStore = Math.round((performance.now() - backAt) / 1000)
    await host.end('SIGTERM')
    return { ...load, ...(await host.recorded(...place)), faults, mostLost: 0, seconds, spooled, secondsToStore }
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
