import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { FlowStore, parseStoredFlow, totpCode, type StoredFlow } from '@sallyport/store'
import { ClockWatch } from '../src/desk/clock-watch.ts'
import { detectOnce } from '../src/desk/keep-detecting.ts'
import { KnownToDetectors } from '../src/desk/known-to-detectors.ts'
import { DescribedAnswers } from './described-answers.ts'
import { keepFeed, OFFICE, recordDay } from './recorded-host.ts'
import { NOW, PASSWORD, TestApi, type Method } from './test-api.ts'

const FIRST = 'a first-run token'
const CUT = 'sallyport: 1\nname: cut\nmode: enforce\nrules: [{ id: a, action: allow, to: [github.com] }]\n'
/** Every fact that a record may have. */
const WHOLE = {
  time: NOW - 1000,
  user: 'ann',
  app: '/usr/bin/curl',
  domain: 'whole.example',
  dst: '192.0.2.7',
  port: 443,
  transport: 'tcp',
  device: 'laptop-7',
  tags: ['lab'],
  groups: ['staff'],
  appSha256: 'a'.repeat(64),
  unit: 'a.service',
  container: 'c',
  posture: { diskEncrypted: true },
  src: '192.0.2.1',
  http: { host: 'a.example', path: '/', method: 'GET', contentType: null },
  content: ['pan'],
  packetsOut: 1,
  packetsIn: 1,
  id: '0123456789abcdef',
  parents: ['/bin/sh'],
  verdict: { verdict: 'allow', rule: null, layer: 'p', mode: 'enforce', stage: 'connect', reason: 'rule', explain: '' },
}

test('every route answers as it is described, and nothing is described that no answer has', async () => {
  using flows = await FlowStore.open()
  await recordDay(flows, NOW)
  const whole = [WHOLE, { ...WHOLE, ended: true }].map((each) => parseStoredFlow(JSON.stringify(each)) as StoredFlow)
  await flows.ingest({ id: 'whole', flows: whole }, NOW)
  const dropped = { full: 0, refused: 0, unwritable: 0 }
  const delivery = { target: 'https://siem.example', sent: 1, failures: 0, waiting: 0, dropped }
  await using api = await TestApi.open(flows, { deliveries: () => ({ alerts: [delivery], flows: [delivery] }) })
  const { state } = api
  const ask = async (method: Method, path: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await api.ask(method, path, { ...api.as('admin'), ...(body === undefined ? {} : { body }) })
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`)
    return answer.body
  }
  const office = [{ file: 'office.yaml', text: OFFICE.slice(0, OFFICE.indexOf('tests:')) }]

  const feed = await keepFeed(api.feeds, NOW)
  const copy = await api.feeds.state(feed)
  const quarantine = { count: 1, shown: [{ entry: 'github.com', reason: 'popular' }] }
  await api.feeds.putState(feed, { ...copy, current: { ...copy.current!, quarantine } })
  await ask('POST', '/policy/apply', { files: office, mode: 'monitor' })
  await ask('POST', '/policy/apply', { files: [{ file: 'cut.yaml', text: CUT }], mode: 'enforce', confirmSeconds: 60 })
  await ask('POST', '/policy/confirm')
  await ask('POST', '/policy/rollback', { version: 1 })
  await detectOnce(
    { store: flows, state, nowMs: () => NOW, monotonicMs: () => 0, onAlerts: () => {}, onFailure: () => {} },
    new KnownToDetectors(flows, state, () => 0),
    new ClockWatch(),
  )
  for (const path of [
    '/session',
    '/status',
    '/policy',
    '/policy/versions',
    '/policy/versions/2',
    '/overview',
    '/flows',
  ])
    await ask('GET', path)
  for (const path of ['/top?by=app', '/destinations', '/rules?since=30d', '/feeds', '/feeds/malware', '/deliveries'])
    await ask('GET', path)

  const { alerts } = (await ask('GET', '/alerts')) as { alerts: readonly { readonly id: string }[] }
  await ask('POST', `/alerts/${alerts[0]!.id}/close`)
  const { id } = await ask('POST', '/mutes', { destination: 'a.example', hours: 1 })
  await ask('GET', '/mutes')
  await ask('DELETE', `/mutes/${String(id)}`)
  await ask('POST', '/feeds/malware/refresh')

  await ask('POST', '/policy/check', { files: [{ file: 'a.yaml', text: 'sallyport: 1\nname: a\nruels: []\n' }] })
  const odd =
    'tests: [{ to: "https://a.example", expect: deny }]\nrules: [{ id: a, action: allow, to: [a.example] }, { id: b, action: allow, to: [a.example] }]'
  await ask('POST', '/policy/check', { files: [{ file: 'a.yaml', text: `sallyport: 1\nname: a\n${odd}\n` }] })
  await ask('POST', '/policy/simulate', { files: [{ file: 'cut.yaml', text: CUT }], since: '7d' })
  await ask('POST', '/policy/learn', { since: '7d' })
  await ask('POST', '/policy/complete', { text: 'ru', offset: 2 })
  await ask('POST', '/policy/diff', { files: [{ file: 'cut.yaml', text: CUT }] })
  await ask('POST', '/policy/rule', { files: office, action: 'deny', destination: 'a.example' })

  const { secret } = await ask('GET', '/session/second-factor')
  const code = totpCode(String(secret), Math.floor(NOW / 30_000))
  await ask('POST', '/session/second-factor', { password: PASSWORD, secret, code })
  await api.ask('POST', '/session', { body: { name: 'admin', password: PASSWORD } })
  await ask('POST', '/session/second-factor/end', { password: PASSWORD })
  await ask('POST', '/users', { name: 'ann', password: PASSWORD, role: 'viewer' })
  for (const path of ['/users', '/audit']) await ask('GET', path)
  await ask('DELETE', '/users/ann/second-factor')
  await ask('DELETE', '/users/ann')
  await api.signIn('viewer')
  await ask('DELETE', '/session')
  await state.settings.set('first-run-token', createHash('sha256').update(FIRST).digest('hex'), 'sallyport', NOW)
  await api.ask('POST', '/setup', { body: { token: FIRST, name: 'eve', password: PASSWORD } })

  assert.deepEqual(api.described.neverSeen(), [])
})

test('an answer that says more, less, or something else than is described is found', () => {
  const problem = (body: object): string | null => new DescribedAnswers().problem('DELETE', '/users/ann', 200, body)
  assert.equal(problem({ removed: true }), null)
  assert.match(String(problem({ removed: true, secret: 1 })), /additional properties/)
  assert.match(String(problem({})), /required property 'removed'/)
  assert.match(String(problem({ removed: 'yes' })), /must be boolean/)
  const described = new DescribedAnswers()
  described.problem('DELETE', '/users/ann', 200, {})
  assert.ok(described.neverSeen().includes('DELETE /api/v1/users/{name} .removed'))
})
