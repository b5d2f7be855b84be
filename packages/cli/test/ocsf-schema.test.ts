import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encodeMessage, type Message } from '@sallyport/deliver'
import type { FlowRecord } from '@sallyport/flow'
import { accessLogLine, type AccessRecord } from '@sallyport/proxy'
import fc from 'fast-check'
import { ocsfProblems } from './ocsf-schema.fixture.ts'

const ORIGIN = { host: 'host-1', version: '1.2.3', pid: 42 }
const RUNS = { numRuns: 500 }
const text = fc.constantFrom('a.example', '192.0.2.1', '2001:db8::1', 'x')
const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const octets = fc.integer({ min: 0, max: 2 ** 40 })
const milliseconds = fc.double({ min: 0, max: 1e6, noNaN: true })
const port = fc.integer({ min: 1, max: 65_535 })
const verdict = {
  rule: perhaps(text),
  layer: fc.constant('org'),
  mode: fc.constantFrom('enforce' as const, 'monitor' as const),
  stage: fc.constant('connect' as const),
  explain: text,
}

const flows = fc.record(
  {
    id: text,
    src: perhaps(text),
    dst: perhaps(text),
    port: perhaps(port),
    transport: fc.constantFrom('tcp', 'udp', 'icmp', 'sctp', null),
    domain: perhaps(text),
    device: perhaps(text),
    container: perhaps(text),
    user: perhaps(text),
    groups: perhaps(fc.array(text)),
    app: perhaps(text),
    parents: fc.array(text),
    country: perhaps(fc.constant('DE')),
    asn: perhaps(fc.constant(64_500)),
    bytesOut: perhaps(octets),
    bytesIn: perhaps(octets),
    durationMs: perhaps(milliseconds),
    protocol: perhaps(text),
    ended: fc.boolean(),
    time: fc.constant('2026-10-01T10:00:00.000Z'),
    verdict: fc.record({
      ...verdict,
      verdict: fc.constantFrom('allow', 'deny', 'undetermined'),
      reason: fc.constant('rule'),
    }),
  },
  { requiredKeys: ['time', 'verdict'] },
)

const records = fc.record({
  time: fc.constant(new Date(0)),
  id: text,
  client: fc.record({ address: text, port }),
  user: perhaps(text),
  groups: perhaps(fc.array(text)),
  app: perhaps(text),
  unit: perhaps(text),
  via: fc.constantFrom('http', 'connect', 'socks5', 'tunnel'),
  method: fc.constantFrom('GET', 'CONNECT', 'PATCH', 'PURGE', null),
  httpVersion: fc.constantFrom('1.1', '2.0', null),
  host: perhaps(text),
  port: perhaps(port),
  path: perhaps(fc.constant('/a')),
  dst: perhaps(text),
  parent: perhaps(text),
  protocol: perhaps(text),
  serverName: perhaps(text),
  ja4: perhaps(text),
  status: perhaps(fc.constant(200)),
  inspected: fc.boolean(),
  opened: fc.boolean(),
  spared: perhaps(fc.constant('listed')),
  outcome: fc.constantFrom('allowed', 'denied', 'failed'),
  verdict: fc.constantFrom('allow', 'deny', 'undetermined', null),
  ...verdict,
  reason: perhaps(fc.constant('denied')),
  verdictReason: perhaps(fc.constant('rule')),
  bytesOut: octets,
  bytesIn: octets,
  durationMs: milliseconds,
  content: perhaps(fc.array(text)),
  findings: fc.constant(null),
  icap: fc.constant(null),
  userAgent: perhaps(text),
  referer: perhaps(text),
})

const inOcsf = (message: Message): Readonly<Record<string, unknown>> =>
  JSON.parse(encodeMessage(message, 'ocsf', ORIGIN)) as Record<string, unknown>

suite('what is written as OCSF is of its schema, version 1.3.0, whatever is known', () => {
  test('a flow', () => {
    fc.assert(
      fc.property(flows, (flow) => {
        assert.deepEqual(ocsfProblems(inOcsf({ kind: 'flow', flow: flow as unknown as FlowRecord })), [])
      }),
      RUNS,
    )
  })

  test('a request or tunnel of the proxy', () => {
    fc.assert(
      fc.property(records, (record) => {
        const line = accessLogLine(record as unknown as AccessRecord, 'ocsf')
        assert.deepEqual(ocsfProblems(JSON.parse(line) as Record<string, unknown>), [])
      }),
      RUNS,
    )
  })

  test('an alert', () => {
    const alert = {
      id: 'x1',
      detector: 'beacon',
      severity: 'high',
      technique: { id: 'T1071', name: 'Application Layer Protocol' },
      subject: 'ann',
      destination: 'a.example',
      sentence: 'ann calls a.example every 60 s',
      numbers: { periodMs: 60_000.5 },
      series: [],
      firstMs: 0.5,
      lastMs: 60_000.5,
    } as const
    assert.deepEqual(ocsfProblems(inOcsf({ kind: 'alert', alert })), [])
  })

  test('and what is not of it is told', () => {
    const event = inOcsf({
      kind: 'flow',
      flow: { time: '2026-10-01T10:00:00.000Z', verdict: {} } as unknown as FlowRecord,
    })
    assert.deepEqual(ocsfProblems({ ...event, verdict: 1 }), ['.verdict is not of the schema'])
    assert.deepEqual(ocsfProblems({ ...event, severity_id: 7 }), ['.severity_id is 7'])
    assert.deepEqual(ocsfProblems({ ...event, dst_endpoint: { port: 1 } }).length, 1)
    assert.deepEqual(ocsfProblems({ ...event, type_uid: 400_102 }), ['type_uid is not of its class'])
  })
})
