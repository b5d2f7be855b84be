import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_WORLD, parseFlow } from '@sallyport/policy'
import { ANSWER_REASONS, ANSWERS, flowOfAccess } from '@sallyport/proxy'
import { reasonOfVerdict } from '../src/answers.ts'
import { labPolicy, startLab, startUpstream } from './lab.fixture.ts'

const policy = labPolicy([
  { id: 'no-evil', action: 'deny', to: ['.evil.example'] },
  { id: 'reads', action: 'allow', to: ['127.0.0.1'], http: { method: ['GET'], path: ['/open/*'] } },
  { id: 'tunnels', action: 'allow', to: ['127.0.0.1'], protocol: ['ssh'] },
])

test('a flow as it is recorded gets the verdict from the policy that the request got', async () => {
  await using upstream = await startUpstream()
  await using lab = await startLab({ policy })
  const at = (host: string): string => `${host}:${upstream.port}`
  const get = (host: string, path: string, method = 'GET'): string =>
    `${method} http://${at(host)}${path} HTTP/1.1\r\nHost: ${at(host)}\r\n\r\n`
  await lab.send(get('up.example.com', '/open/a?secret'))
  await lab.send(get('up.example.com', '/open/a', 'PURGE'))
  await lab.send(get('up.example.com', '/closed'))
  await lab.send(get('bad.evil.example', '/open/a'))
  await lab.send(`CONNECT ${at('127.0.0.1')} HTTP/1.1\r\nHost: ${at('127.0.0.1')}\r\n\r\n`, 'SSH-2.0-x\r\n')
  await lab.send(`CONNECT ${at('127.0.0.1')} HTTP/1.1\r\nHost: ${at('127.0.0.1')}\r\n\r\n`, '* octets of nothing\r\n')
  const inTunnel = `POST /open/a HTTP/1.1\r\nHost: ${at('up.example.com')}\r\nContent-Length: 0\r\n\r\n`
  await lab.send(`CONNECT ${at('127.0.0.1')} HTTP/1.1\r\nHost: ${at('127.0.0.1')}\r\n\r\n`, inTunnel)
  await lab.recorded(8)
  // The last tunnel is no flow beside the request in it.
  const flows = lab.records.flatMap((record) => flowOfAccess(record, EMPTY_WORLD) ?? [])
  assert.deepEqual(
    flows.map(({ verdict: { verdict, rule } }) => `${verdict} ${rule}`),
    ['allow reads', 'deny null', 'deny null', 'deny no-evil', 'allow tunnels', 'deny null', 'deny null'],
  )
  for (const { verdict, ...facts } of flows) {
    const flow = parseFlow(facts)
    assert.ok(!Array.isArray(flow), JSON.stringify(flow))
    const again = policy.decide(flow)
    assert.deepEqual([again.verdict, again.rule, again.reason], [verdict.verdict, verdict.rule, verdict.reason])
  }
  assert.equal(JSON.stringify(flows).includes('secret'), false)
})

test('what was turned away before it said where to is no flow; what could not be reached is one that was allowed', async () => {
  await using lab = await startLab({ policy: labPolicy([{ id: 'all', action: 'allow', to: ['127.0.0.1'] }]) })
  await lab.send('GET / HTTP/1.1\r\nHost: up.example.com\r\n\r\n')
  await lab.send('CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n')
  await lab.recorded(2)
  const [none, failed] = lab.records.map((record) => flowOfAccess(record, EMPTY_WORLD))
  assert.equal(none, null)
  assert.deepEqual([failed?.verdict.verdict, failed?.verdict.rule, failed?.dst], ['allow', 'all', '127.0.0.1'])
})

test('a denial that is the proxy’s own is recorded as what it is', async () => {
  await using lab = await startLab({ policy: labPolicy([{ id: 'all', action: 'allow' }]) })
  await lab.send('GET http://private.example.com/ HTTP/1.1\r\nHost: private.example.com\r\n\r\n')
  await lab.recorded(1)
  const { verdict } = flowOfAccess(lab.records[0]!, EMPTY_WORLD)!
  assert.deepEqual([verdict.verdict, verdict.reason], ['deny', 'special-address'])
})

test('every denial has a reason of a verdict', () => {
  const byPolicy = ANSWER_REASONS.filter((reason) => ['denied', 'undetermined'].includes(reason))
  const denials = ANSWER_REASONS.filter((reason) => ANSWERS[reason].proxyStatus === 'http_request_denied')
  assert.deepEqual(
    denials.filter((reason) => reasonOfVerdict(reason) === null),
    byPolicy,
  )
})
