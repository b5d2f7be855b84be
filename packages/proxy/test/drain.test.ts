import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { startLab, startUpstream } from './lab.fixture.ts'

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  await once(socket, 'connect')
  return socket.resume()
}

/** By an end or a reset: what the proxy has not read yet makes a reset of it. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

/** Well below what a drain may take. */
const AT_ONCE_MS = 10_000
const taken = async (lab: Awaited<ReturnType<typeof startLab>>, count: number): Promise<void> => {
  while (lab.proxy.counts().openConnections < count) await new Promise((next) => setTimeout(next, 5))
}

suite('a drain', () => {
  test('cuts clients that have said nothing', async () => {
    await using lab = await startLab()
    const silent = await Promise.all([connected(lab.port), connected(lab.port)])
    await taken(lab, silent.length)
    const startMs = performance.now()
    const gone = silent.map(closed)
    await lab.proxy.drain()
    await Promise.all(gone)
    assert.ok(performance.now() - startMs < AT_ONCE_MS)
  })

  test('cuts clients of which only the header of a load balancer has come', async () => {
    await using lab = await startLab({ proxyHeaderFrom: () => true })
    const balancer = await connected(lab.port)
    balancer.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
    await taken(lab, 1)
    const startMs = performance.now()
    await Promise.all([lab.proxy.drain(), closed(balancer)])
    assert.ok(performance.now() - startMs < AT_ONCE_MS)
  })

  test('waits for tunnels', async () => {
    await using upstream = await startUpstream((socket, said) => {
      socket.once('end', () => socket.end()).write(said)
    })
    await using lab = await startLab()
    const silent = await connected(lab.port)
    const tunnel = await connected(lab.port)
    await taken(lab, 2)
    const authority = `127.0.0.1:${upstream.port}`
    tunnel.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    const [answer] = (await once(tunnel, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1.1 200 /)
    let isOver = false
    const drained = lab.proxy.drain().then(() => (isOver = true))
    await closed(silent)
    tunnel.write('SSH-2.0-lab\r\n')
    const [echo] = (await once(tunnel, 'data')) as [Buffer]
    assert.deepEqual([echo.toString(), isOver], ['SSH-2.0-lab\r\n', false])
    tunnel.destroy()
    await drained
  })
})
