import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatAddress } from '@sallyport/net'
import { FlowStore, parseFilter, type StoredFlow } from '../src/index.ts'
import { DENIED, holds, stored } from './stored-flows.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

suite('the busiest', () => {
  test('are the same from rolled-up hours as from the flows', async () => {
    using store = await FlowStore.open()
    const pick = <T>(index: number, of: readonly T[]): T => of[index % of.length]!
    const flows = Array.from({ length: 500 }, (_, index) =>
      stored({
        time: new Date(NOW - index * 97_000).toISOString(),
        domain: pick(index * 7, ['a.example', 'b.example', 'c.example']),
        user: pick(index, ['ann', 'bob']),
        port: pick(index, [22, 443]),
        transport: 'tcp',
        bytesOut: index,
        ...(index % 3 === 0 ? { verdict: DENIED } : {}),
      }),
    )
    await store.ingest({ id: 'hours', flows }, NOW)
    const texts = [
      '',
      'since:5h',
      'since:3h until:1h',
      'since:30m',
      'until:2026-10-01T00:00:00Z',
      'verdict:deny since:2h',
    ]
    for (const text of texts) {
      for (const by of ['destination', 'user', 'port', 'verdict', 'asn'] as const) {
        // A term that holds for all of them and is not rolled up.
        const [hours, all] = await Promise.all(
          [text, `${text} bytesOut:>=0`].map((each) => store.top(by, parseFilter([each], NOW), 10)),
        )
        assert.deepEqual(hours, all, `${by} ${text}`)
      }
    }
  })
})

test('the busiest by places, programs and people are those that plain code counts', async () => {
  using store = await FlowStore.open()
  const pick = <T>(index: number, of: readonly T[]): T => of[index % of.length]!
  const flows = Array.from({ length: 600 }, (_, index) =>
    stored({
      time: new Date(NOW - index * 600_000).toISOString(),
      boundNames: pick(index, [['a.example'], ['b.example', 'cdn.example'], ['c.a.example', 'cdn.example'], []]),
      dst: `192.0.2.${index % 9}`,
      country: pick(index >> 2, ['DE', 'FR', null]),
      asn: pick(index, [1, 2, null]),
      user: pick(index, ['ann', 'bob']),
      app: pick(index, ['/a', '/b', '/c']),
      port: pick(index, [22, 443]),
      transport: 'tcp',
      ...(index % 7 === 0 ? {} : { bytesOut: index }),
      ...(index % 3 === 0 ? { verdict: DENIED } : {}),
    }),
  )
  for (let batch = 0; batch < 3; batch++)
    await store.ingest({ id: `b${batch}`, flows: flows.filter((_, index) => index % 3 === batch) }, NOW)
  const keys = {
    user: ({ flow }: StoredFlow) => String(flow.user),
    app: ({ flow }: StoredFlow) => String(flow.app),
    country: ({ flow }: StoredFlow) => flow.country ?? '',
    port: ({ flow }: StoredFlow) => `tcp/${flow.port}`,
    destination: ({ flow }: StoredFlow) => flow.boundNames?.[0] ?? formatAddress(flow.dst!),
  } as const
  for (const text of [
    'country:DE',
    '-country:DE port:443 since:3d',
    'asn:1,2 verdict:deny until:1d',
    'domain:cdn.example',
    'domain:.a.example since:40h until:20h',
    'ip:192.0.2.0/30 -domain:a.example',
    'ip:192.0.2.1 port:22',
  ]) {
    const filter = parseFilter([text], NOW)
    for (const [by, keyOf] of Object.entries(keys)) {
      const expected = new Map<string, [flows: number, denied: number, sent: number]>()
      for (const each of flows.filter((one) => holds(filter, one))) {
        const sum = expected.get(keyOf(each)) ?? [0, 0, 0]
        const isDenied = each.verdict?.verdict === 'deny' ? 1 : 0
        expected.set(keyOf(each), [sum[0] + 1, sum[1] + isDenied, sum[2] + (each.flow.bytesOut ?? 0)])
      }
      const rows = await store.top(by as keyof typeof keys, filter, 100)
      assert.deepEqual(
        new Map(rows.map((row) => [row.key, [row.flows, row.denied, row.bytesOut]])),
        expected,
        `${by} of ${text}`,
      )
      assert.ok(expected.size > 0, text)
    }
  }
})
