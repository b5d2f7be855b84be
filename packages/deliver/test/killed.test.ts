import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Deliveries, parseTarget } from '../src/index.ts'
import { alert, ORIGIN } from './messages.ts'

const SCRIPT = join(import.meta.dirname, 'push-until-killed.ts')

test('what a sender had taken when it was killed is sent by the next one, in its order, and nothing waits twice', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-deliver-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const received: number[] = []
  let isUp = false
  const receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const ids = (JSON.parse(body) as { alert: { id: string } }[]).map((each) => Number(each.alert.id))
    // The first is taken, so that the kill comes between one that was sent and others that were not.
    if (isUp || received.length === 0) received.push(...ids)
    else response.statusCode = 503
    response.end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  context.after(() => receiver.close())
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const path = join(folder, 'waiting.db')

  const first = spawn(process.execPath, [SCRIPT, path, url, '100000'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  for await (const chunk of first.stdout) {
    said += String(chunk)
    if (said.split('\n').length > 60) break
  }
  first.kill('SIGKILL')
  await once(first, 'exit')
  const taken = Number(said.split('\n').at(-2))
  assert.equal(statSync(path).mode & 0o777, 0o600)

  isUp = true
  const second = spawn(process.execPath, [SCRIPT, path, url], { stdio: 'inherit' })
  await once(second, 'exit')
  const sent = [...new Set(received)]
  assert.ok(sent.length > taken, `${sent.length} of ${taken + 1}`)
  assert.deepEqual(
    sent,
    sent.map((_, at) => at),
    'each, in its order',
  )
})

test('a batch that comes again is known, also to the next process; what nobody is named for any more goes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-deliver-'))
  try {
    const notices: string[] = []
    const options = { path: join(folder, 'w.db'), origin: ORIGIN, onNotice: (text: string) => void notices.push(text) }
    const waitingAt = (url: string): number => {
      using deliveries = new Deliveries([parseTarget(url)], options)
      deliveries.push('batch 1', [alert('1'), alert('2')])
      return deliveries.status()[0]!.waiting
    }
    assert.equal(waitingAt('http://127.0.0.1:9/a'), 2)
    assert.equal(waitingAt('http://127.0.0.1:9/a'), 2)
    assert.deepEqual(notices, [])
    assert.equal(waitingAt('http://127.0.0.1:9/b'), 0)
    assert.match(notices.join(), /^2 messages waited for a receiver that is not named any more/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
