import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseTarget } from '@sallyport/deliver'
import { EMPTY_WORLD } from '@sallyport/policy'
import { FlowSpool } from '@sallyport/store'
import { serveDesk } from '../src/index.ts'

const REFUSALS = 60

test('what the desk stores and what it finds unusual goes to whoever was named, each once', async (context) => {
  const state = mkdtempSync(join(tmpdir(), 'sallyport-desk-'))
  context.after(() => rmSync(state, { recursive: true, force: true }))
  const received = new Map<string, { class_uid: number; message: string }[]>()
  const receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const before = received.get(request.url!) ?? []
    received.set(request.url!, [...before, ...(JSON.parse(body) as typeof before)])
    response.end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  context.after(() => receiver.close())
  const base = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`

  const spool = FlowSpool.open({ directory: join(state, 'spool') })
  const verdict = {
    verdict: 'deny',
    rule: null,
    layer: 'x',
    mode: 'enforce',
    stage: 'connect',
    reason: 'default',
  } as const
  for (let port = 1; port <= REFUSALS; port++) {
    const time = new Date(Date.now() - 60_000 + port).toISOString()
    spool.append({
      time,
      user: 'ann',
      dst: '198.51.100.7',
      port,
      transport: 'tcp',
      verdict: { ...verdict, explain: '' },
    })
  }
  spool[Symbol.dispose]()

  const serveUntil = async (path: string, count: number): Promise<void> => {
    const stop = new AbortController()
    const serving = serveDesk(
      {
        stateDirectory: state,
        stateStore: join(state, 'state.db'),
        listen: { address: '127.0.0.1', port: 0 },
        version: '0',
        feedsDirectory: join(state, 'feeds'),
        worldFor: async () => EMPTY_WORLD,
        keepDays: 90,
        keepBytes: null,
        deliver: {
          alerts: [parseTarget(`${base}/alerts?format=ocsf`)],
          flows: [parseTarget(`${base}/flows?format=ocsf`)],
        },
        onLayingOut: () => {},
        onRoom: () => {},
        onUnavailable: (error) => assert.fail(error.message),
        onNotice: (text) => context.diagnostic(text),
      },
      () => {},
      stop.signal,
    )
    for (let waited = 0; (received.get(path)?.length ?? 0) < count && waited < 400; waited++) await sleep(50)
    stop.abort()
    await serving
  }
  await serveUntil('/flows', REFUSALS)
  // Flows are looked through at the start, and then once a minute.
  await serveUntil('/alerts', 1)
  assert.equal(received.get('/flows')?.length, REFUSALS)
  assert.ok(received.get('/flows')!.every(({ class_uid }) => class_uid === 4001))
  const alerts = received.get('/alerts') ?? []
  assert.deepEqual(
    alerts.map(({ class_uid }) => class_uid),
    [2004],
  )
  assert.match(alerts[0]!.message, /ann was refused 60 times within ten minutes/)
})
