import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compactOcsf, ocsfNetworkActivity, type FlowRecord } from '@sallyport/flow'

const FLOW: FlowRecord = {
  id: 'f1',
  time: '2026-11-29T12:00:00.000Z',
  dst: '198.51.100.7',
  port: 443,
  app: '/usr/bin/curl',
  parents: ['/bin/sh', '/sbin/init'],
  verdict: {
    verdict: 'deny',
    rule: 'no',
    layer: 'lab',
    mode: 'enforce',
    stage: 'connect',
    reason: 'rule',
    explain: 'no',
  },
} as unknown as FlowRecord
const PRODUCT = { name: 'Sallyport', version: '1.2.3' }

suite('a flow in the words of OCSF', () => {
  test('what was refused, what would have been, and what was let through are told apart', () => {
    const said = (change: Partial<FlowRecord['verdict']>): readonly unknown[] => {
      const event = ocsfNetworkActivity({ ...FLOW, verdict: { ...FLOW.verdict, ...change } }, PRODUCT)
      const { activity_id, action_id, disposition_id, disposition, status_id } = event as Record<string, unknown>
      return [activity_id, action_id, disposition_id, disposition, status_id]
    }
    assert.deepEqual(said({}), [5, 2, 2, 'Blocked', 2])
    assert.deepEqual(said({ mode: 'monitor' }), [1, 1, 17, 'Logged', 1])
    assert.deepEqual(said({ verdict: 'allow' }), [1, 1, 1, 'Allowed', 1])
  })

  test('the process has those that started it, and the event its rule and its maker', () => {
    const event = ocsfNetworkActivity(FLOW, PRODUCT) as Record<string, unknown>
    const file = (path: string): object => ({ path, name: path.slice(path.lastIndexOf('/') + 1), type_id: 1 })
    assert.deepEqual(event['actor'], {
      process: {
        uid: '/usr/bin/curl',
        file: file('/usr/bin/curl'),
        parent_process: {
          uid: '/bin/sh',
          file: file('/bin/sh'),
          parent_process: { uid: '/sbin/init', file: file('/sbin/init') },
        },
      },
    })
    assert.deepEqual(event['firewall_rule'], { uid: 'no', name: 'no', type: 'lab' })
    assert.deepEqual((event['metadata'] as Record<string, unknown>)['product'], {
      vendor_name: 'Sallyport',
      ...PRODUCT,
    })
  })

  test('nothing is null, and an object of nothing is not there', () => {
    assert.deepEqual(compactOcsf({ a: null, b: { c: undefined, d: { e: '' } }, f: 0, g: [null] }), { f: 0, g: [null] })
  })
})
