import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { startDns } from './dns.fixture.ts'
import { sallyport } from './sallyport.ts'
import { folder, until, type Ready } from './serving.fixture.ts'

/** Of a query each 5 ms, answered at once. */
const MOST_IN_FLIGHT = 3

test('with --standby, a resolver that is killed under load is back in under a second, and loses what it was at alone', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  const feed = ['--feed', `ads=${files.path('ads.txt')}`]
  await using resolver = await startDns('--standby', '--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1', ...feed)
  const { port } = resolver.endpoints[0]!
  const readyLines = () =>
    resolver.notes.filter((line) => line.includes('"ready"')).map((line) => JSON.parse(line) as Ready)
  const standingBy = () => resolver.notes.filter((line) => line.includes('stands by')).length
  const socket = createSocket('udp4').on('error', () => {})
  const sent = new Map<number, number>()
  const answered: { readonly sentAt: number; readonly at: number }[] = []
  socket.on('message', (bytes) => answered.push({ sentAt: sent.get(bytes.readUInt16BE(0))!, at: performance.now() }))
  let id = 0
  const load = setInterval(() => {
    id++
    sent.set(id, performance.now())
    const name = [3, ...Buffer.from('ads'), 7, ...Buffer.from('example'), 0]
    socket.send(Uint8Array.of(id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1), port, '127.0.0.1')
  }, 5)
  try {
    for (let kill = 0; kill < 2; kill++) {
      await until(() => standingBy() > kill)
      const killedAt = performance.now()
      process.kill(readyLines().at(-1)!.pid!, 'SIGKILL')
      await until(() => readyLines().length >= kill + 2)
      const firstSince = () => answered.find(({ sentAt }) => sentAt > killedAt)
      await until(() => firstSince() !== undefined || performance.now() - killedAt >= 5000)
      const first = firstSince()
      assert.ok(
        first !== undefined && first.at - killedAt < 1000,
        `${first === undefined ? 'never' : first.at - killedAt}`,
      )
    }
    clearInterval(load)
    const lost = () => sent.size - answered.length
    for (let wait = 0; wait < 200 && lost() > 2 * MOST_IN_FLIGHT; wait++)
      await new Promise((next) => setTimeout(next, 10))
    // Whoever was killed has taken some from the socket at most; what came after waits there for the next one.
    assert.ok(lost() <= 2 * MOST_IN_FLIGHT, `${lost()} of ${sent.size} are lost`)
  } finally {
    clearInterval(load)
    socket.close()
  }
  assert.deepEqual(new Set(readyLines().map(({ endpoints }) => endpoints[0]!.port)), new Set([port]))
  assert.equal(await resolver.end(), 0)
})

test('with --standby, what is wrong with the command line is said once, and ends it', () => {
  const { status, stderr } = sallyport(['dns', '--standby', '--listen', '127.0.0.1:0', '--feed', 'ads=/nonexistent'])
  assert.equal(status, 2)
  assert.equal(stderr.match(/nonexistent/g)?.length, 1)
})
