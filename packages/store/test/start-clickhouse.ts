import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type ClickHouseProcess = {
  readonly port: number
  /** With user and password. */
  readonly url: string
  /** At once, as by kill -9. */
  readonly kill: () => Promise<void>
}

const FIXTURE = fileURLToPath(new URL('./clickhouse-over-http.fixture.ts', import.meta.url))

/** ClickHouse's engine on a port of loopback, in a process of its own; with an earlier port, the same server again. */
export async function startClickHouse(settings: {
  readonly data: string
  readonly port?: number
  readonly tls?: { readonly cert: string; readonly key: string }
}): Promise<ClickHouseProcess> {
  const child = fork(FIXTURE, [JSON.stringify({ port: 0, ...settings })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const [port] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('ClickHouse ended before it listened'))),
  ])) as [number]
  return {
    port,
    url: `${settings.tls === undefined ? 'http' : 'https'}://ann:it%20is%20secret@127.0.0.1:${port}`,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
