import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CompiledPolicy } from '@sallyport/compile'
import { SharedBudgets, type Spend } from '@sallyport/proxy'
import { answerOf, labPolicy, startLab, startUpstream, type Lab } from './lab.fixture.ts'
import { ask, openSession, startInspecting, startServer } from './http2/http2.fixture.ts'
import { openConnect } from './tls.fixture.ts'

const limited = (
  limit: { readonly bytesOut?: number; readonly bytesIn?: number; readonly connections?: number },
  mode: 'enforce' | 'monitor' = 'enforce',
): CompiledPolicy => labPolicy([{ id: 'sync', action: 'allow', to: ['127.0.0.1'], limit }], mode)

const request = (port: number, body = '', fields = ''): string =>
  `POST http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

const last = (lab: Lab): string => {
  const { outcome, reason, rule, verdict } = lab.records.at(-1)!
  return `${outcome} ${reason} ${rule} ${verdict}`
}

suite('limits of a rule', () => {
  test('connections: as many requests and tunnels as it says, of all clients together', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ policy: limited({ connections: 3 }) })
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
    const tunnel = await openConnect(lab.port, `127.0.0.1:${upstream.port}`)
    tunnel.write('SSH-2.0-x\r\n')
    await until(() => upstream.received().includes('SSH'))
    const refused = await lab.send(request(upstream.port))
    assert.equal(answerOf(refused), '429 limit-connections')
    assert.match(refused, /"rule":"sync"/)
    assert.equal(last(lab), 'denied limit-connections sync allow')
    const connect = `CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n\r\n`
    assert.equal(answerOf(await lab.send(connect)), '429 limit-connections')
    assert.equal(lab.proxy.counts().refusals['limit-connections'], 2)
    tunnel.destroy()
  })

  test('bytesOut: bodies and heads of requests count, and what does not fit does not leave', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ policy: limited({ bytesOut: 20_000 }) })
    assert.equal(answerOf(await lab.send(request(upstream.port, 'x'.repeat(15_000)))), '200')
    assert.equal(
      answerOf(await lab.send(request(upstream.port, '', `X-Data: ${'x'.repeat(8000)}\r\n`))),
      '429 limit-bytes-out',
    )
    assert.equal(upstream.received().includes('X-Data'), false)
    assert.equal(answerOf(await lab.send(request(upstream.port))), '429 limit-bytes-out')
  })

  test('a body that runs into the limit ends there, and the client is told why', async () => {
    await using upstream = await startUpstream(() => {})
    await using lab = await startLab({ policy: limited({ bytesOut: 100_000 }) })
    const answer = await lab.send(request(upstream.port, 'x'.repeat(400_000)))
    assert.equal(answerOf(answer), '429 limit-bytes-out')
    assert.ok(upstream.received().length <= 101_000)
    assert.equal(last(lab), 'denied limit-bytes-out sync allow')
  })

  test('bytesIn: an answer that runs into the limit does not look whole', async () => {
    const body = 'y'.repeat(400_000)
    await using upstream = await startUpstream(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await using lab = await startLab({ policy: limited({ bytesIn: 200_000 }) })
    const answer = await lab.send(request(upstream.port))
    assert.ok(answer.length < 201_000)
    await lab.recorded(1)
    assert.equal(last(lab), 'denied limit-bytes-in sync allow')
    assert.ok(lab.records[0]!.bytesIn <= 200_000)
    assert.equal(answerOf(await lab.send(request(upstream.port))), '429 limit-bytes-in')
  })

  for (const [name, isLate] of [
    ['budgets of its own', false],
    ['budgets that another process keeps', true],
  ] as const) {
    const spend = (): { readonly spend?: Spend } => {
      const budgets = new SharedBudgets()
      return isLate ? { spend: (spending) => sleep(1).then(() => budgets.spend(spending, 0)) } : {}
    }

    test(`a tunnel passes what the limit has room for, in order, and is cut behind it: ${name}`, async () => {
      await using upstream = await startUpstream((socket: Socket) => void socket)
      await using lab = await startLab({ policy: limited({ bytesOut: 1_000_000 }), ...spend() })
      const sent = `SSH-2.0-x\r\n${Array.from({ length: 60_000 }, (_, at) => `${at} `).join('')}`
      const tunnel = await openConnect(lab.port, `127.0.0.1:${upstream.port}`)
      tunnel.on('error', () => {})
      tunnel.end(sent)
      await until(() => upstream.received().length === sent.length)
      assert.ok(upstream.received() === sent)
      tunnel.destroy()
      const second = await openConnect(lab.port, `127.0.0.1:${upstream.port}`)
      const closed = new Promise((resolve) => second.on('error', () => {}).once('close', resolve))
      second.write('SSH-2.0-x\r\n')
      second.write(Buffer.alloc(2_000_000, 'z'))
      await closed
      assert.ok(upstream.received().length <= 1_000_000)
      await lab.recorded(1)
      assert.equal(lab.records.find(({ outcome }) => outcome === 'denied')?.reason, 'limit-bytes-out')
    })
  }

  test('requests inside TLS count one by one, at the same time too', async () => {
    await using server = await startServer((started) =>
      started.on('request', (request, response) => request.resume().on('end', () => response.end('ok'))),
    )
    const to = [{ domain: 'up.example.com', ip: '127.0.0.1' }] as const
    const limit = { connections: 5, bytesOut: 50_000 }
    await using lab = await startInspecting(server, [{ id: 'sync', action: 'allow', to, inspect: 'tls', limit }])
    const session = await openSession(lab, server.port)
    const post = (size: number): Promise<number> =>
      ask(session, { ':method': 'POST', ':path': '/' }, 'x'.repeat(size)).then(({ status }) => status)
    const statuses = await Promise.all([1000, 1000, 1000, 1000].map(post))
    assert.deepEqual(statuses, [200, 200, 200, 200])
    assert.equal(await post(60_000), 429)
    assert.equal(await post(10), 429)
    session.close()
    const refused = lab.records.flatMap(({ reason }) => (reason === null ? [] : [reason]))
    assert.deepEqual(refused, ['limit-bytes-out', 'limit-bytes-out'])
  })

  test('in monitor mode nothing is held back, and the log says what would be', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ policy: limited({ connections: 1 }, 'monitor') })
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
    await lab.recorded(2)
    assert.deepEqual(
      lab.records.map(({ outcome, verdict, rule, mode }) => `${outcome} ${verdict} ${rule} ${mode}`),
      ['allowed allow sync monitor', 'allowed deny sync monitor'],
    )
    assert.match(lab.records[1]!.explain!, /1 connections in all/)
    assert.equal(lab.proxy.counts().totals.monitored, 1)
  })

  test('a rule that stays in the next policy goes on with what it has used', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ policy: limited({ connections: 1 }) })
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
    lab.proxy.replacePolicy(limited({ connections: 1 }))
    assert.equal(answerOf(await lab.send(request(upstream.port))), '429 limit-connections')
    lab.proxy.replacePolicy(limited({ connections: 2 }))
    assert.equal(answerOf(await lab.send(request(upstream.port))), '200')
  })
})

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds() && waited < 1000; waited++) await sleep(10)
}
