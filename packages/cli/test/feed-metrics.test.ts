import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FeedCounters, formatFeedMetrics } from '../src/output/feed-metrics.ts'

const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')

test('the page of metrics lists every metric of feeds with its labels, and no other', () => {
  const documented = [...page.matchAll(/^\| `(sallyport_feed_\w+)` \| (.*?) \|/gm)].flatMap(([, name, labels]) => {
    const values = [...labels!.replace(/^\w+:/, '').matchAll(/`([^`]+)`/g)].map(([, value]) => value)
    return values.length > 0 ? values.map((value) => `${name}{outcome="${value}"}`) : [name!]
  })
  const exported = formatFeedMetrics(new FeedCounters())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ 0$/, ''))
  assert.deepEqual(documented.toSorted(), exported.toSorted())
})
