import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encodeMessage } from '../src/index.ts'
import { otlpLogs } from '../src/format/otlp-logs.ts'
import { syslogLine } from '../src/format/syslog-line.ts'
import { alert, flow, FLOW, ORIGIN } from './messages.ts'

suite('a message in the words of others', () => {
  test('OCSF: a flow is Network Activity, opened, closed or refused', () => {
    const activities = [
      flow(),
      flow({ verdict: { ...FLOW.verdict, verdict: 'allow' } }),
      flow({ verdict: { ...FLOW.verdict, verdict: 'allow' }, ended: true, durationMs: 500, bytesOut: 10, bytesIn: 20 }),
    ].map((message) => JSON.parse(encodeMessage(message, 'ocsf', ORIGIN)) as Record<string, unknown>)
    assert.deepEqual(
      activities.map(({ class_uid, type_uid, action_id }) => [class_uid, type_uid, action_id]),
      [
        [4001, 400_105, 2],
        [4001, 400_101, 1],
        [4001, 400_102, 1],
      ],
    )
    const [refused, , closed] = activities
    assert.deepEqual(refused!['dst_endpoint'], {
      ip: '198.51.100.7',
      port: 443,
      hostname: 'a.example',
      location: { country: 'DE' },
      autonomous_system: { number: 64_500 },
    })
    assert.deepEqual(closed!['traffic'], { bytes_out: 10, bytes_in: 20 })
    assert.equal(Number(closed!['end_time']) - Number(closed!['start_time']), 500)
  })

  test('OCSF: an alert is a Detection Finding with its technique and its numbers', () => {
    const finding = JSON.parse(encodeMessage(alert('x1'), 'ocsf', ORIGIN)) as Record<string, unknown>
    assert.deepEqual([finding['class_uid'], finding['type_uid'], finding['severity_id']], [2004, 200_401, 4])
    const { uid, attacks } = finding['finding_info'] as { uid: string; attacks: unknown }
    assert.equal(uid, 'x1')
    assert.deepEqual(attacks, [{ technique: { uid: 'T1071', name: 'Application Layer Protocol' } }])
  })

  test('CEF: what its syntax uses is escaped', () => {
    const line = encodeMessage(flow(), 'cef', ORIGIN)
    assert.match(line, /^CEF:0\|Sallyport\|Sallyport\|1\.2\.3\|deny\|flow\|4\|dvchost=host-1 /)
    assert.match(line, / cs1=no\|pipes\\=here( |$)/)
    assert.match(line, / msg=two\\nlines( |$)/)
  })

  test('OpenTelemetry: integers of 64 bits are text, other numbers are numbers', () => {
    const { resourceLogs } = JSON.parse(otlpLogs([alert('x1'), flow({ bytesOut: 7 })], ORIGIN))
    const [first, second] = resourceLogs[0].scopeLogs[0].logRecords
    assert.equal(first.timeUnixNano, `${Date.parse('2026-10-01T10:00:00Z')}000000`)
    const value = (record: { attributes: { key: string; value: unknown }[] }, key: string): unknown =>
      record.attributes.find((each) => each.key === key)?.value
    assert.deepEqual(value(first, 'sallyport.numbers.periodMs'), { doubleValue: 60_000.5 })
    assert.deepEqual(value(second, 'sallyport.bytes_out'), { intValue: '7' })
  })

  test('syslog: the header is that of RFC 5424, whatever a host or a flow is called', () => {
    const header =
      /^<(1[0-8]\d|19[01]|\d{1,2})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [!-~]{1,255} sallyport \d+ (alert|flow) - (.*)$/s
    assert.match(
      syslogLine(alert('x1'), 'json', ORIGIN),
      /^<131>1 2026-10-01T10:00:00\.000Z host-1 sallyport 42 alert - \{/,
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (host, user) => {
        const [, , , text] = header.exec(syslogLine(flow({ user }), 'json', { ...ORIGIN, host })) ?? []
        assert.ok(text !== undefined && !text.includes('\n'))
        assert.equal((JSON.parse(text) as { user: string }).user, user.toWellFormed())
      }),
      { numRuns: 300 },
    )
  })
})
