import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ANSWER_REASONS, ANSWERS, formatProxyMetrics, PROXY_METRICS, startProxy } from '@sallyport/proxy'
import { labPolicy, OPEN_RULES } from './lab.fixture.ts'

const page = (name: string): string =>
  readFileSync(new URL(`../../../docs/reference/${name}.md`, import.meta.url), 'utf8')

suite('pages of the reference', () => {
  test('the page of answers lists every reason as it is, and no other', () => {
    const rows = [...page('proxy-answers').matchAll(/^\| `([a-z-]+)` \| (\d+) \| (\d) \| (\w+) \| (.+)\. \|$/gm)]
    const documented = rows.map(([, reason, status, socks, error, title]) => [
      reason,
      Number(status),
      Number(socks),
      error,
      title,
    ])
    const actual = ANSWER_REASONS.map((reason) => {
      const { status, socks, proxyStatus, title } = ANSWERS[reason]
      return [reason, status, socks, proxyStatus, title]
    })
    assert.deepEqual(documented, actual)
  })

  test('the page of metrics lists every metric with its labels, and no other', async () => {
    const documented = [...page('metrics').matchAll(/^\| `(sallyport_proxy_\w+)` \| (.*?) \| (.*) \|$/gm)]
    const names = documented.map(([, name]) => name)
    const options = {
      listen: [],
      policy: labPolicy(OPEN_RULES),
      resolveName: async () => ({ kind: 'none', explain: '' }) as const,
    }
    await using proxy = await startProxy(options)
    const text = formatProxyMetrics(proxy.counts())
    const families = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1])
    assert.deepEqual(names, families)
    assert.equal(families.length, new Set(families).size)
    for (const { name, labels } of Object.values(PROXY_METRICS)) {
      const row = documented.find((each) => each[1] === name)![2]!
      for (const [label, value] of Object.entries(labels ?? {}))
        assert.match(row, new RegExp(`${label}: .*\`${value}\``))
    }
  })
})
