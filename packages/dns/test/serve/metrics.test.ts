import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Counters } from '../../src/counters.ts'
import { formatMetrics, METRICS } from '../../src/serve/metrics.ts'

const page = readFileSync(new URL('../../../../docs/reference/metrics.md', import.meta.url), 'utf8')

test('the page of metrics lists every metric with its labels, and no other', () => {
  const documented = [...page.matchAll(/^\| `(sallyport_dns_\w+)` \| (.*?) \|/gm)].flatMap(([, name, labels]) => {
    const values = [...labels!.matchAll(/(\w+): ((?:`[^`]+` ?)+)/g)].flatMap(([, label, list]) =>
      [...list!.matchAll(/`([^`]+)`/g)].map(([, value]) => `${name}{${label}="${value}"}`),
    )
    return values.length > 0 ? values : [name!]
  })
  const exported = formatMetrics(new Counters().values())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ \d+$/, ''))
  assert.deepEqual(documented.toSorted(), exported.toSorted())
})

test('a family is announced once, with all its samples behind it', () => {
  const families = [...formatMetrics(new Counters().values()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
  assert.equal(families.length, new Set(families).size)
  assert.equal(families.length, new Set(Object.values(METRICS).map(({ name }) => name)).size)
})
