import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFlowRecord, FlowAggregate, foldAddressSelection, hasLeft, type FlowRecord } from '../src/index.ts'

const allowed = {
  verdict: 'allow',
  rule: 'code',
  layer: 'p',
  mode: 'enforce',
  stage: 'connect',
  reason: 'rule',
  explain: '',
} as const
const denied = { ...allowed, verdict: 'deny', rule: null, reason: 'default' } as const
const flow = (facts: Partial<FlowRecord>): FlowRecord => ({
  time: '2026-01-01T00:00:00.000Z',
  verdict: allowed,
  ...facts,
})

test('flows to one name are one group, whatever its addresses', () => {
  const flows = new FlowAggregate()
  flows.add(flow({ boundNames: ['a.example'], dst: '192.0.2.1', port: 443, transport: 'tcp', app: '/usr/bin/curl' }))
  flows.add(flow({ boundNames: ['a.example'], dst: '2001:db8::1', port: 443, transport: 'tcp', app: '/usr/bin/curl' }))
  const [group, ...others] = flows.groups()
  assert.equal(others.length, 0)
  assert.deepEqual(group, {
    destination: 'a.example',
    port: 'tcp/443',
    verdict: allowed,
    count: 2,
    apps: ['/usr/bin/curl'],
    addresses: ['192.0.2.1', '2001:db8::1'],
    bytesOut: 0,
    bytesIn: 0,
  })
})

test('the end of a flow adds what it carried, and is no flow of its own', () => {
  const flows = new FlowAggregate()
  const begun = flow({ id: '00000000000000aa', dst: '192.0.2.1', port: 443, transport: 'tcp' })
  flows.add(begun)
  flows.add({ ...begun, ended: true, bytesOut: 10, bytesIn: 200 })
  const [group] = flows.groups()
  assert.deepEqual([group?.count, group?.bytesOut, group?.bytesIn, flows.total], [1, 10, 200, 1])
})

test('a refused name is a group of its own, verdicts are kept apart', () => {
  const flows = new FlowAggregate()
  flows.add(flow({ domain: 'b.example', verdict: denied }))
  flows.add(flow({ dst: '192.0.2.1', port: 22, transport: 'tcp', verdict: denied }))
  flows.add(flow({ dst: '192.0.2.1', port: 22, transport: 'tcp' }))
  flows.add(flow({ dst: '192.0.2.1', transport: 'icmp' }))
  assert.deepEqual(
    flows
      .groups()
      .map(({ destination, port }) => `${destination} ${port}`)
      .toSorted(),
    ['192.0.2.1 icmp', '192.0.2.1 tcp/22', '192.0.2.1 tcp/22', 'b.example name'],
  )
})

test('groups are bounded and what exceeds them is counted', () => {
  const flows = new FlowAggregate(2)
  for (let port = 1; port <= 5; port++) flows.add(flow({ dst: '192.0.2.1', port, transport: 'tcp' }))
  assert.equal(flows.groups().length, 2)
  assert.equal(flows.overflow, 3)
  assert.equal(flows.total, 5)
})

test('a watched flow has left, a denied one has not', () => {
  assert.equal(hasLeft(flow({})), true)
  assert.equal(hasLeft(flow({ verdict: denied })), false)
  assert.equal(hasLeft(flow({ verdict: { ...denied, mode: 'monitor' } })), true)
})

test('a record is one line of JSON', () => {
  const line = encodeFlowRecord(flow({ app: '/opt/a\nb' }))
  assert.equal(line.indexOf('\n'), line.length - 1)
  assert.equal(JSON.parse(line).app, '/opt/a\nb')
})

test('UDP beside TCP to one name and port is folded into it, UDP alone is not', () => {
  const flows = new FlowAggregate()
  for (const transport of ['udp', 'udp', 'tcp'])
    flows.add(flow({ boundNames: ['a.example'], dst: '192.0.2.1', port: 443, transport }))
  flows.add(flow({ boundNames: ['b.example'], dst: '192.0.2.2', port: 443, transport: 'udp' }))
  flows.add(flow({ boundNames: ['b.example'], dst: '192.0.2.2', port: 443, transport: 'tcp', verdict: denied }))
  const folded = foldAddressSelection(flows.groups()).map(({ destination, port, count, udpToo }) => [
    destination,
    port,
    count,
    udpToo,
  ])
  assert.deepEqual(folded.toSorted(), [
    ['a.example', 'tcp/443', 1, true],
    ['b.example', 'tcp/443', 1, undefined],
    ['b.example', 'udp/443', 1, undefined],
  ])
})
