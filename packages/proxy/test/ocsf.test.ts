import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessLogLine } from '@sallyport/proxy'
import { labPolicy, startLab, startUpstream } from './lab.fixture.ts'

type Line = Readonly<Record<string, unknown>>

test('a request is an HTTP Activity of OCSF: what was asked, by whom, and what became of it', async () => {
  await using upstream = await startUpstream()
  const rules = [
    { id: 'lab', action: 'allow', to: ['127.0.0.1'], http: { method: ['GET'] } },
    { id: 'no', action: 'deny', to: ['127.0.0.1'] },
  ] as const
  await using lab = await startLab({ policy: labPolicy(rules) })
  await using watching = await startLab({ policy: labPolicy(rules.slice(1), 'monitor') })
  const authority = `127.0.0.1:${upstream.port}`
  const ask = (method: string): string =>
    `${method} http://${authority}/a?secret HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: x\r\n\r\n`
  await lab.send(ask('GET'))
  await lab.send(ask('PURGE'))
  await watching.send(ask('GET'))
  await Promise.all([lab.recorded(2), watching.recorded(1)])
  const [allowed, denied, logged] = [...lab.records, ...watching.records].map(
    (record) => JSON.parse(accessLogLine(record, 'ocsf')) as Line,
  ) as [Line, Line, Line]
  assert.deepEqual(
    [allowed, denied, logged].map((line) => [
      line['type_uid'],
      line['action_id'],
      line['disposition_id'],
      line['status_id'],
    ]),
    [
      [400203, 1, 1, 1],
      [400299, 2, 2, 2],
      [400203, 1, 17, 1],
    ],
  )
  // What OCSF requires of the class, and of its category.
  for (const key of [
    'class_uid',
    'category_uid',
    'activity_id',
    'type_uid',
    'severity_id',
    'time',
    'metadata',
    'http_request',
    'http_response',
    'src_endpoint',
    'dst_endpoint',
  ])
    assert.ok(allowed[key] !== undefined, key)
  assert.deepEqual((allowed['http_request'] as Line)['url'], {
    hostname: '127.0.0.1',
    port: upstream.port,
    path: '/a',
    scheme: 'http',
  })
  assert.deepEqual(denied['firewall_rule'], { uid: 'no', name: 'no', type: 'lab' })
  assert.doesNotMatch(JSON.stringify([allowed, denied]), /secret/)
})
