import assert from 'node:assert/strict'
import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatDomainPattern, formatPrefix } from '@sallyport/net'
import { acceptHeld, isDue, loadSubscription, readPopularSites, releaseEntries, subscription } from '../../src/index.ts'
import { emptyState } from '../../src/subscriptions/feed-state.ts'
import { ListServer, names } from './list-server.ts'

const NOBODY: ReadonlySet<string> = new Set()

async function inForce(lists: ListServer, feed = lists.feed()): Promise<readonly string[]> {
  const found = await loadSubscription(feed, lists.store, lists.nowMs)
  return found === null ? [] : [...[...found.domains].map(formatDomainPattern), ...found.prefixes.map(formatPrefix)]
}

test('a list that did not change is not sent again', async () => {
  await using lists = await ListServer.open()
  lists.answer = (request, response) => {
    const isKnown = request.headers['if-none-match'] === '"1"' && request.headers['if-modified-since'] === 'yesterday'
    response
      .writeHead(isKnown ? 304 : 200, { etag: '"1"', 'last-modified': 'yesterday' })
      .end(isKnown ? '' : 'a.example\n')
  }
  assert.equal((await lists.update()).outcome, 'updated')
  assert.equal((await lists.update()).outcome, 'unchanged')
  assert.deepEqual(await inForce(lists), ['.a.example'])
})

test('a copy that was lost or changed on disk is fetched again, whatever the server says is known', async () => {
  await using lists = await ListServer.open()
  lists.answer = (request, response) => {
    response.writeHead(request.headers['if-none-match'] === '"1"' ? 304 : 200, { etag: '"1"' }).end('a.example\n')
  }
  await lists.update()
  const file = readdirSync(join(lists.directory, 'store')).find((name) => name.endsWith('.list'))!
  writeFileSync(join(lists.directory, 'store', file), 'other.example\n')
  assert.deepEqual(await inForce(lists), [])
  assert.equal((await lists.update()).outcome, 'updated')
  assert.deepEqual(await inForce(lists), ['.a.example'])
})

test('a list that shrank or grew beyond the bound waits until it is accepted', async () => {
  await using lists = await ListServer.open()
  const context = { store: lists.store, nowMs: lists.nowMs, popular: NOBODY }
  lists.serve(names(1000))
  await lists.update()
  lists.serve(names(300))
  const shrunk = await lists.update()
  assert.deepEqual([shrunk.outcome, shrunk.reason], ['held', 'shrank from 1000 to 300 entries'])
  assert.equal((await lists.update()).outcome, 'held')
  assert.equal((await inForce(lists)).length, 1000)
  assert.ok('state' in (await acceptHeld(lists.feed(), context)))
  assert.equal((await inForce(lists)).length, 300)
  assert.deepEqual(await acceptHeld(lists.feed(), context), { refused: 'no copy waits to be accepted' })
  lists.serve(names(2000))
  assert.equal((await lists.update()).reason, 'grew from 300 to 2000 entries')
  lists.serve(names(300))
  const back = await lists.update()
  assert.deepEqual([back.outcome, back.state.held], ['unchanged', null])
})

test('entries that cover a public suffix, a popular site or a private range are kept out and listed', async () => {
  await using lists = await ListServer.open()
  lists.serve(
    'evil.example\n.co.uk\nblogspot.com\ntenant.compute-1.amazonaws.com\npopular.example\nads.popular.example\nwww.popular.example\n10.1.0.0/16\n0.0.0.0/0\n203.0.113.7\nfe80::1\n',
  )
  const { state } = await lists.update()
  assert.deepEqual(
    state.current!.quarantine.shown.map(({ entry, reason }) => `${entry} ${reason}`),
    [
      '.co.uk covers a public suffix',
      '.blogspot.com covers a public suffix',
      '.popular.example covers the popular site popular.example',
      '.www.popular.example covers the popular site popular.example',
      '10.1.0.0/16 is in the private range 10.0.0.0/8 (RFC 1918)',
      '0.0.0.0/0 covers this network (RFC 791)',
      'fe80::1 is in link-local addresses (RFC 4291)',
    ],
  )
  assert.deepEqual(await inForce(lists), [
    '.evil.example',
    '.tenant.compute-1.amazonaws.com',
    '.ads.popular.example',
    '203.0.113.7',
  ])
  const context = { store: lists.store, nowMs: lists.nowMs, popular: new Set(['popular.example']) }
  assert.deepEqual(await releaseEntries(lists.feed(), ['.a.example'], context), {
    refused: '.a.example is not in quarantine',
  })
  assert.ok('state' in (await releaseEntries(lists.feed(), ['.co.uk'], context)))
  assert.ok((await inForce(lists)).includes('.co.uk'))
  lists.serve('evil.example\n.co.uk\n')
  await lists.update()
  assert.deepEqual(await inForce(lists), ['.evil.example', '.co.uk'])
})

test('sites that everybody uses are popular, and so are the names of the services', () => {
  const popular = readPopularSites()
  for (const site of ['google.com', 'wikipedia.org', 'github.com', 'slack.com']) assert.ok(popular.has(site), site)
  assert.ok(popular.size > 500)
})

test('another source under the same name never gets the copy of the first', async () => {
  await using lists = await ListServer.open()
  lists.serve('a.example\n')
  await lists.update()
  assert.deepEqual(await inForce(lists, lists.feed({ url: `${lists.url}?other` })), [])
  assert.deepEqual(await inForce(lists, lists.feed({ kind: 'addresses' })), [])
  assert.deepEqual(await inForce(lists, lists.feed({ refresh: '1h' })), ['.a.example'])
})

test('an update that is cut off anywhere leaves the old copy or the new one, and its leftovers are removed', async () => {
  await using lists = await ListServer.open()
  const store = join(lists.directory, 'store')
  lists.serve('old.example\n')
  await lists.update()
  const { key } = lists.feed()
  // Cut off while the document is written; after it, before the state; while the state is written.
  writeFileSync(join(store, `${key}.0123.list.77.new`), 'half')
  writeFileSync(join(store, `${key}.${'0'.repeat(32)}.list`), 'new.example\n')
  writeFileSync(join(store, `${key}.json.77.new`), '{"version":1,"na')
  assert.deepEqual(await inForce(lists), ['.old.example'])
  const lost = readdirSync(store).filter((name) => name.includes('.77.') || name.includes('0000'))
  for (const name of lost) utimesSync(join(store, name), 0, 0)
  lists.serve('new.example\n')
  await lists.update()
  assert.deepEqual(await inForce(lists), ['.new.example'])
  for (const name of lost) assert.ok(!readdirSync(store).includes(name), name)
})

test('a state that cannot be read counts as none', async () => {
  await using lists = await ListServer.open()
  lists.serve('a.example\n')
  await lists.update()
  for (const text of ['', 'null', '{"version":2}', '\u0000']) {
    writeFileSync(join(lists.directory, 'store', `${lists.feed().key}.json`), text)
    assert.deepEqual(await inForce(lists), [])
    assert.equal((await lists.update()).outcome, 'updated')
  }
})

test('a file is a source too, and one that is gone leaves the copy in force', async () => {
  await using lists = await ListServer.open()
  const file = join(lists.directory, 'list.txt')
  writeFileSync(file, 'a.example\n')
  const feed = subscription('local', { file })
  assert.equal((await lists.update(feed)).outcome, 'updated')
  writeFileSync(file, '# emptied by hand\n')
  assert.equal((await lists.update(feed)).outcome, 'updated')
  assert.deepEqual(await inForce(lists, feed), [])
  writeFileSync(file, 'a.example\n')
  await lists.update(feed)
  rmSync(file)
  assert.match((await lists.update(feed)).reason!, /does not exist/)
  assert.deepEqual(await inForce(lists, feed), ['.a.example'])
})

test('a list is due after its refresh, after a failure sooner and then ever later', () => {
  const feed = subscription('x', { url: 'https://example.com/', refresh: '6h' })
  const state = { ...emptyState('x'), checkedMs: 0 }
  const hour = 3_600_000
  assert.ok(isDue(feed, emptyState('x'), 0))
  assert.ok(!isDue(feed, state, 5 * hour))
  assert.ok(isDue(feed, state, 6 * hour))
  assert.ok(isDue(feed, { ...state, failures: 1 }, 60_000))
  assert.ok(!isDue(feed, { ...state, failures: 5 }, 15 * 60_000))
  assert.ok(isDue(feed, { ...state, failures: 60 }, 6 * hour))
  // A clock that was set back does not stop updates.
  assert.ok(isDue(feed, { ...state, checkedMs: 9 * hour }, hour))
})
