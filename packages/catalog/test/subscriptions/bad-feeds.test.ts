import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { formatDomainPattern } from '@sallyport/net'
import { FETCH_BOUNDS, loadSubscription } from '../../src/index.ts'
import { ListServer, names, type Answer } from './list-server.ts'

const body =
  (bytes: string | Uint8Array): Answer =>
  (_, response) =>
    void response.end(bytes)
const MIB = 2 ** 20

const BAD: readonly (readonly [string, Answer, RegExp])[] = [
  ['a page of HTML', body('<!doctype html><html><title>Not found</title></html>'), /HTML/],
  ['an empty answer', body(''), /empty/],
  ['an answer of comments alone', body('# moved\n'), /no entry/],
  ['a gzip file that is cut', body(gzipSync(names(5000)).subarray(0, 2000)), /ends too early/],
  ['a damaged gzip file', body(Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 255, 255, 255)), /damaged gzip/],
  ['a list of which nothing can be used', body('||a^$script\n||b.example^$image\n'), /no entry/],
  ['status 500', (_, response) => void response.writeHead(500).end('a.example\n'), /status 500/],
  [
    'a redirect to itself',
    (request, response) => void response.writeHead(302, { location: request.url! }).end(),
    /more than 5 redirects/,
  ],
  [
    'a redirect to a file',
    (_, response) => void response.writeHead(302, { location: 'file:///etc/hosts' }).end(),
    /something else than HTTP/,
  ],
  [
    'a connection that is cut',
    (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('a.example\n')
      setTimeout(() => response.destroy(), 20)
    },
    /cannot be fetched/,
  ],
]

for (const [what, answer, reason] of BAD) {
  test(`${what} leaves the copy in force and says why`, async () => {
    await using lists = await ListServer.open()
    lists.serve('good.example\n')
    assert.equal((await lists.update()).outcome, 'updated')
    lists.answer = answer
    const { outcome, reason: said, state } = await lists.update()
    assert.equal(outcome, 'failed')
    assert.match(said!, reason)
    assert.equal(state.failures, 1)
    const feed = await loadSubscription(lists.feed(), lists.store, lists.nowMs)
    assert.deepEqual([...feed!.domains].map(formatDomainPattern), ['.good.example'])
  })
}

test('a list of two gigabytes is given up at the bound, without being held in memory', async () => {
  await using lists = await ListServer.open()
  const chunk = Buffer.from('evil.example\n'.repeat(5000))
  let sent = 0
  lists.answer = (_, response) => {
    const more = (): void => {
      while (sent < 2048 * MIB && !response.destroyed) {
        sent += chunk.length
        if (!response.write(chunk)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  }
  const { outcome, reason } = await lists.update()
  assert.deepEqual([outcome, reason], ['failed', 'more than 128 MiB'])
  assert.ok(sent < 256 * MIB, `${sent} octets were sent`)
})

test('a gzip file that unpacks to more than the bound is given up', async () => {
  await using lists = await ListServer.open()
  const member = gzipSync(Buffer.alloc(16 * MIB, 'a.example\n'))
  lists.serve(Buffer.concat(Array.from({ length: 20 }, () => member)))
  const { reason } = await lists.update()
  assert.equal(reason, 'more than 256 MiB')
})

test('a server that packs for the transfer is held to the bound for what comes out', async () => {
  await using lists = await ListServer.open()
  lists.serve(gzipSync(Buffer.alloc(3 * MIB, 'a.example\n')), { 'content-encoding': 'gzip' })
  const { reason } = await lists.update(lists.feed(), { ...FETCH_BOUNDS, maxBytes: 2 * MIB })
  assert.equal(reason, 'more than 2 MiB')
})

test('a server that never ends is given up after the time that it has', async () => {
  await using lists = await ListServer.open()
  lists.answer = (_, response) => void response.write('a.example\n')
  const { reason } = await lists.update(lists.feed(), { ...FETCH_BOUNDS, timeoutMs: 300 })
  assert.match(reason!, /no complete answer within 0.3 s/)
})

test('lines that are not UTF-8 cost those lines only', async () => {
  await using lists = await ListServer.open()
  lists.serve(Buffer.from('a.example\n\xff\xfe.example\nb.example\n', 'latin1'))
  const { outcome, state } = await lists.update()
  assert.deepEqual(
    [outcome, state.current!.entries, state.current!.problems.byReason],
    ['updated', 2, { 'not UTF-8': 1 }],
  )
})

test('a list that is not the one of its sha256 is refused', async () => {
  await using lists = await ListServer.open()
  lists.serve('a.example\n')
  const sha256 = 'ab'.repeat(32)
  assert.match((await lists.update(lists.feed({ sha256 }))).reason!, /sha256/)
})
