import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Counters } from '../../src/counters.ts'
import { formatMetrics, METRICS } from '../../src/serve/metrics.ts'
import { serveMetrics } from '../../src/serve/serve-metrics.ts'

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

test('a target that is no URL is not found, and a text that fails is a 500; both leave the server answering', async () => {
  let fails = false
  await using server = await serveMetrics({ address: '127.0.0.1', port: 0 }, () => {
    if (fails) throw new Error('no counters')
    return 'a 1\n'
  })
  const status = async (target: string): Promise<string> => {
    const socket = connect(server.endpoint.port, '127.0.0.1')
    socket.end(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return bytes.toString().slice(9, 12)
  }
  assert.equal(await status('//'), '404')
  assert.equal(await status('/metrics?x'), '200')
  fails = true
  assert.equal(await status('/metrics'), '500')
  fails = false
  assert.equal(await status('/metrics'), '200')
})

test('an address that is taken is an error that says so', async () => {
  await using server = await serveMetrics({ address: '127.0.0.1', port: 0 }, () => '')
  await assert.rejects(
    serveMetrics(server.endpoint, () => ''),
    /SallyportError: metrics cannot be served on 127\.0\.0\.1, port \d+: EADDRINUSE/,
  )
})
