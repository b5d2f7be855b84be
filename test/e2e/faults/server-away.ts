import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../packages/kernel/test/eventually.ts'
import { startClickHouse } from '../../../packages/store/test/start-clickhouse.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const RATE = 1000
const AWAY_MS = 20_000

/** A ClickHouse server that is away at the start, comes, goes in the middle, and comes again. */
export async function serverAway(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-away-'))
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')]
  const place = ['--store', 'http://ann:it%20is%20secret@127.0.0.1:8123/flows']
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299', ...place])
  // The server is in another network namespace.
  const near = host.inItsNetwork(['socat', 'TCP-LISTEN:8123,fork,reuseaddr,bind=127.0.0.1', `UNIX-CONNECT:${socket}`])
  const faults: string[] = []
  let server = await startClickHouse({ data })
  const far = spawn('socat', [`UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${server.port}`], { stdio: 'ignore' })
  try {
    await server.kill()
    await host.start()
    const load = await underLoad(host, RATE, async () => {
      await sleep(AWAY_MS / 4)
      faults.push(...(await host.faults()))
      server = await startClickHouse({ data, port: server.port })
      await sleep(AWAY_MS)
      await server.kill()
      await sleep(AWAY_MS)
      faults.push(...(await host.faults()))
      server = await startClickHouse({ data, port: server.port })
    })
    await eventually(async () => (await host.recorded(...place)).stored === load.tried, 'all is stored')
    await host.end('SIGTERM')
    return { ...load, ...(await host.recorded(...place)), faults, mostLost: 0 }
  } finally {
    await server.kill()
    near.kill()
    far.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
