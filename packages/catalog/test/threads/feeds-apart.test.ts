import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readFeeds, type FeedSources } from '../../src/read-feeds.ts'
import { subscription } from '../../src/subscriptions/subscription.ts'
import { readFeedsApart, updateFeedsApart } from '../../src/threads/feeds-apart.ts'
import { said } from '../feeds/feed-of.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-apart-'))
after(() => rmSync(directory, { recursive: true }))

function file(name: string, lines: readonly string[]): string {
  const path = join(directory, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

const small = file('small.txt', [
  '||a.example^',
  '@@||b.a.example^',
  '||c.example^$dnstype=AAAA',
  '||192.0.2.0/24^',
  '##x',
])
const many = Array.from({ length: 60_000 }, (_, at) => `n${at}.example`)
const large = file('large.txt', [...many, '198.51.100.7'])
const none = join(directory, 'none.txt')

async function answered(read: typeof readFeeds, sources: FeedSources): Promise<object> {
  const warnings: string[] = []
  const feeds = await read(sources, (text) => warnings.push(text))
  return { warnings, feeds: [...feeds].map(([name, feed]) => [name, said(feed)]) }
}

test('feeds that a thread reads say what they say when they are read here', async () => {
  const sources = {
    feeds: { small, large },
    subscriptions: [subscription('missing', { file: none }), subscription('guarded', { file: small })],
    stores: [join(directory, 'store')],
  }
  const here = await answered(readFeeds, sources)
  assert.deepEqual(await answered(readFeedsApart, sources), here)
  const compiled = join(directory, 'compiled')
  assert.deepEqual(await answered(readFeedsApart, { ...sources, compiled }), here)
  assert.equal(readdirSync(compiled).length, 1)
  assert.deepEqual(await answered(readFeedsApart, { ...sources, compiled }), here)
})

test('what the thread cannot read is the same error', async () => {
  const sources = { feeds: { page: file('page.txt', ['<!doctype html>', '<html><body>Not found</body></html>']) } }
  const error = await readFeeds(sources, () => {}).then(
    () => assert.fail('it was read'),
    (reason: Error) => reason,
  )
  await assert.rejects(
    readFeedsApart(sources, () => {}),
    { name: error.name, code: 'feed-invalid', message: error.message },
  )
})

test('others have their turns while a list is read', async () => {
  let turns = 0
  let isReading = true
  const turn = (): void => {
    turns++
    if (isReading) setTimeout(turn, 1)
  }
  turn()
  await readFeedsApart({ feeds: { large } }, () => {})
  isReading = false
  assert.ok(turns > 10, `${turns}`)
})

test('copies are fetched by a thread, and it ends with the signal', async () => {
  const feed = subscription('large', { file: large })
  const store = join(directory, 'copies')
  const [updated] = await updateFeedsApart({ subscriptions: [feed], store, which: 'due' })
  assert.equal(updated?.outcome, 'updated')
  assert.equal(updated?.state.current?.entries, many.length + 1)
  assert.deepEqual(await updateFeedsApart({ subscriptions: [feed], store, which: 'due' }), [])
  const [again] = await updateFeedsApart({ subscriptions: [feed], store, which: 'all' })
  assert.equal(again?.outcome, 'unchanged')
  const stop = new AbortController()
  const stopped = updateFeedsApart({ subscriptions: [feed], store, which: 'all' }, stop.signal)
  stop.abort(new Error('no longer'))
  await assert.rejects(stopped, { message: 'no longer' })
})
