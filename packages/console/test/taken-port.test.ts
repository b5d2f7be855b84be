import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EMPTY_WORLD } from '@sallyport/policy'
import { FlowSpool, openShared, parseFilter, storeSocket } from '@sallyport/store'
import { serveDesk, type DeskReady } from '../src/desk/serve-desk.ts'

test('where another program has the port, that is said once, flows are stored, and the console answers when it is free', async (context) => {
  const state = mkdtempSync(join(tmpdir(), 'sallyport-taken-'))
  context.after(() => rmSync(state, { recursive: true, force: true }))
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  {
    using spool = FlowSpool.open({ directory: join(state, 'spool') })
    const verdict = { verdict: 'allow', rule: null, layer: 'x', mode: 'monitor', stage: 'connect', reason: 'default' }
    spool.append({
      time: new Date().toISOString(),
      user: 'ann',
      port: 443,
      transport: 'tcp',
      verdict: { ...verdict, explain: '' } as never,
    })
  }

  const said: string[] = []
  const ready = Promise.withResolvers<DeskReady>()
  const stop = new AbortController()
  const serving = serveDesk(
    {
      stateDirectory: state,
      stateStore: join(state, 'state.db'),
      listen: { address: '127.0.0.1', port },
      version: '0',
      feedsDirectory: join(state, 'feeds'),
      worldFor: async () => EMPTY_WORLD,
      keepDays: 90,
      keepBytes: null,
      onLayingOut: () => {},
      onRoom: () => {},
      onNotice: (text) => context.diagnostic(text),
      onUnavailable: ({ code, message }) => said.push(`${code}: ${message}`),
    },
    ready.resolve,
    stop.signal,
  )
  const stored = async (): Promise<number> => {
    const shared = await openShared(storeSocket(state)).catch(() => null)
    return shared === null ? 0 : (await shared.list(parseFilter([], Date.now()), { limit: 10 })).flows.length
  }
  for (let waited = 0; (await stored()) === 0 && waited < 400; waited++) await sleep(50)
  assert.equal(await stored(), 1)
  // Longer than it takes to try again.
  await sleep(1500)
  assert.deepEqual(said, [
    `console-unavailable: the console cannot listen on 127.0.0.1, port ${port}: another program has it; it is tried again every second`,
  ])

  other.close()
  const { url } = await ready.promise
  assert.equal((await fetch(url)).status, 200)
  stop.abort()
  await serving
})
