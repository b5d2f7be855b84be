import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { FlowStore, parseStoredFlow, ROLES, type Role, type StoredFlow } from '@sallyport/store'
import fc from 'fast-check'
import { ROUTES } from '../src/api/build-api.ts'
import { ClockWatch } from '../src/desk/clock-watch.ts'
import { detectOnce } from '../src/desk/keep-detecting.ts'
import { KnownToDetectors } from '../src/desk/known-to-detectors.ts'
import { HOST, NOW, PASSWORD, TestApi, type Answer, type Given, type Method } from './test-api.ts'

const TOKEN = 'the first token'
const POLICY = [
  { file: 'p.yaml', text: 'sallyport: 1\nname: p\nrules:\n  - { id: a, action: allow, to: [a.example] }\n' },
]

suite('the API', () => {
  let flows: FlowStore
  let api: TestApi
  const ask = (method: Method, path: string, given?: Given): Promise<Answer> => api.ask(method, path, given)
  const as = (role: Role): { headers: Record<string, string> } => api.as(role)

  before(async () => {
    flows = await FlowStore.open()
    const stored = Array.from({ length: 60 }, (_, index) =>
      parseStoredFlow(
        JSON.stringify({
          time: NOW - 7_200_000 + index * 100_000,
          app: '/tmp/x',
          domain: 'c2.example',
          port: 443,
          transport: 'tcp',
        }),
      ),
    )
    await flows.ingest({ id: 'b', flows: stored as StoredFlow[] }, NOW)
  })
  after(() => flows[Symbol.dispose]())
  beforeEach(async () => {
    api = await TestApi.open(flows)
  })
  afterEach(() => api[Symbol.asyncDispose]())

  test('whoever is not signed in gets nothing but what signs in', async () => {
    for (const { method, path, role } of ROUTES) {
      if (role === null) continue
      assert.equal((await ask(method, path.replace(/:\w+/, '1'))).status, 401, `${method} ${path}`)
    }
  })

  test('each route is open from its role on, and to no lesser one', async () => {
    for (const { method, path, role } of ROUTES)
      for (const each of ROLES) {
        if (role === null || path === '/session' || path === '/events') continue
        const { status } = await ask(method, path.replace(/:\w+/, '1'), as(each))
        const may = ROLES.indexOf(each) >= ROLES.indexOf(role)
        assert.equal(status === 403, !may, `${each}: ${method} ${path} answered ${status}`)
      }
  })

  test('a change without the token of the session is refused, with the cookie alone', async () => {
    const { cookie } = as('admin').headers as { cookie: string }
    for (const headers of [{ cookie }, { cookie, 'x-csrf-token': 'x'.repeat(43) }]) {
      const answer = await ask('POST', '/policy/apply', { headers, body: { files: POLICY, mode: 'monitor' } })
      assert.equal(answer.status, 403)
    }
    assert.equal((await api.state.policies.inForce()).version, null)
  })

  test('a request of another site, or for another name than loopback, is refused', async () => {
    const foreign = { ...as('admin').headers, origin: 'http://evil.example' }
    assert.equal((await ask('POST', '/policy/confirm', { headers: foreign })).status, 403)
    const other = { ...as('admin').headers, origin: 'http://127.0.0.1:9999' }
    assert.equal((await ask('POST', '/policy/confirm', { headers: other })).status, 403)
    for (const host of ['evil.example', '127.0.0.1.evil.example', '127.0.0.1@evil.example'])
      assert.equal((await ask('GET', '/flows', { headers: { ...as('admin').headers, host } })).status, 403, host)
  })

  test('a body that is not JSON, as a form of another site sends it, is refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await api.app.inject({
        method: 'POST',
        url: '/api/v1/session',
        headers: { host: HOST, 'content-type': type },
        payload: '{"name":"admin","password":"correct horse battery"}',
      })
      assert.equal(answer.statusCode, 415)
    }
  })

  test('the first account is made once, and only with the token', async () => {
    for (const { name } of await api.state.users.list()) await api.state.users.remove(name)
    await api.state.settings.set('first-run-token', createHash('sha256').update(TOKEN).digest('hex'), 'sallyport', NOW)
    const make = (token: string) => ask('POST', '/setup', { body: { token, name: 'ann', password: PASSWORD } })
    assert.equal((await make('another')).status, 403)
    assert.equal((await ask('GET', '/session')).body['setup'], true)
    const { status, headers } = await make(TOKEN)
    assert.equal(status, 200)
    assert.match(
      String(headers['set-cookie']),
      /^sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    )
    assert.equal((await make(TOKEN)).status, 403)
    assert.deepEqual(
      (await api.state.users.list()).map(({ name, role }) => [name, role]),
      [['ann', 'admin']],
    )
  })

  test('guessing a password ends after ten tries a minute', async () => {
    const statuses: number[] = []
    for (let index = 0; index < 12; index++)
      statuses.push((await ask('POST', '/session', { body: { name: 'admin', password: `guess ${index}` } })).status)
    assert.deepEqual(
      statuses.slice(0, 10),
      Array.from({ length: 10 }, () => 401),
    )
    assert.deepEqual(statuses.slice(10), [429, 429])
    const nowMs = api.nowMs
    api.nowMs -= 365 * 86_400_000
    assert.match((await api.signIn('admin'))['cookie']!, /^sallyport=/, 'the clock is set back')
    api.nowMs = nowMs
    api.nowMs += 61_000
    assert.match((await api.signIn('admin'))['cookie']!, /^sallyport=/)
  })

  test('one account that asks too much waits, and no other does', async () => {
    const statuses = new Map<number, number>()
    for (let index = 0; index < 610; index++) {
      const { status } = await ask('GET', '/mutes', as('viewer'))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    assert.deepEqual(Object.fromEntries(statuses), { 200: 600, 429: 10 })
    assert.equal((await ask('GET', '/mutes', as('analyst'))).status, 200)
    api.nowMs += 61_000
    assert.equal((await ask('GET', '/mutes', as('viewer'))).status, 200)
  })

  test('signed out, the cookie is worth nothing', async () => {
    assert.equal((await ask('GET', '/flows', as('viewer'))).status, 200)
    await ask('DELETE', '/session', as('viewer'))
    assert.equal((await ask('GET', '/flows', as('viewer'))).status, 401)
  })

  test('flows come in pages, by filter; a filter that is none says why', async () => {
    const first = await ask('GET', `/flows?limit=40&filter=${encodeURIComponent('app:/tmp/*')}`, as('viewer'))
    assert.equal((first.body['flows'] as object[]).length, 40)
    const next = encodeURIComponent(String(first.body['next']))
    const second = await ask('GET', `/flows?limit=40&after=${next}`, as('viewer'))
    assert.equal((second.body['flows'] as object[]).length, 20)
    assert.equal(second.body['next'], null)
    const wrong = await ask('GET', '/flows?filter=domian:x', as('viewer'))
    assert.equal(wrong.status, 400)
    assert.match(JSON.stringify(wrong.body), /filter-invalid.*Did you mean domain/)
  })

  test('the overview counts what left and what is new', async () => {
    const { body } = await ask('GET', '/overview?hours=24', as('viewer'))
    assert.deepEqual([body['flows'], body['left'], body['stopped']], [60, 60, 0])
    assert.match(JSON.stringify(body['newDestinations']), /c2\.example/)
    assert.equal(
      (body['hours'] as [number, number][]).reduce((sum, [, value]) => sum + value, 0),
      60,
    )
  })

  test('a policy is checked with places, simulated, applied on trial, confirmed, and gone back from, under its author', async () => {
    const wrong = [{ file: 'p.yaml', text: 'sallyport: 1\nname: p\nrulez: []\n' }]
    const check = await ask('POST', '/policy/check', { ...as('viewer'), body: { files: wrong } })
    assert.deepEqual((check.body['problems'] as { line: number }[]).map(({ line }) => line).includes(3), true)
    const simulated = await ask('POST', '/policy/simulate', { ...as('viewer'), body: { files: POLICY, since: '7d' } })
    assert.match(JSON.stringify(simulated.body), /"change":"blocked".*"destination":"c2\.example"/)
    const apply = (text: string, confirmSeconds: number | null) =>
      ask('POST', '/policy/apply', {
        ...as('editor'),
        body: { files: [{ file: 'p.yaml', text }], mode: 'enforce', confirmSeconds },
      })
    await apply(POLICY[0]!.text, null)
    await apply(POLICY[0]!.text.replace('a.example', 'b.example'), 60)
    assert.deepEqual(await api.state.policies.inForce(), { version: 2, confirmed: 1, confirmByMs: api.nowMs + 60_000 })
    assert.equal((await ask('POST', '/policy/confirm', as('editor'))).status, 200)
    const { body } = await ask('GET', '/policy/versions/2', as('viewer'))
    assert.equal(body['author'], 'editor')
    assert.match(String(body['diff']), /-.*a\.example.*\n\+.*b\.example/)
    await ask('POST', '/policy/rollback', { ...as('editor'), body: {} })
    assert.equal((await api.state.policies.inForce()).version, 1)
    assert.equal((await apply('nonsense', null)).status, 400)
    assert.equal((await api.state.policies.inForce()).version, 1)
  })

  test('what was recorded can be learned, without a name that looks generated', async () => {
    const { body } = await ask('POST', '/policy/learn', { ...as('viewer'), body: { since: '7d' } })
    assert.match(String(body['text']), /c2\.example/)
    assert.equal(body['covered'], 60)
  })

  test('an alert is found, closed by whom, and muted for a time', async () => {
    await detectOnce(
      {
        store: flows,
        state: api.state,
        nowMs: () => api.nowMs,
        monotonicMs: () => 0,
        onAlerts: () => {},
        onFailure: (error) => assert.fail(String(error)),
      },
      new KnownToDetectors(flows, api.state, () => 0),
      new ClockWatch(),
    )
    const list = async () =>
      (await ask('GET', '/alerts', as('viewer'))).body['alerts'] as { id: string; detector: string; muted: boolean }[]
    const [alert] = await list()
    assert.equal(alert?.detector, 'beacon')
    assert.equal(
      (await ask('POST', '/mutes', { ...as('analyst'), body: { hours: 1 } })).status,
      400,
      'a mute of everything',
    )
    await ask('POST', '/mutes', { ...as('analyst'), body: { destination: 'c2.example', hours: 1 } })
    assert.equal((await list())[0]?.muted, true)
    api.nowMs += 3_700_000
    assert.equal((await list())[0]?.muted, false)
    assert.deepEqual((await ask('POST', `/alerts/${alert!.id}/close`, as('analyst'))).body, { closed: true })
    assert.deepEqual(await list(), [])
    const { body } = await ask('GET', '/audit', as('admin'))
    assert.match(JSON.stringify(body), /"actor":"analyst","action":"close alert"/)
  })

  test('nobody removes the account they are signed in with', async () => {
    assert.equal((await ask('DELETE', '/users/admin', as('admin'))).status, 400)
    assert.deepEqual((await ask('DELETE', '/users/viewer', as('admin'))).body, { removed: true })
  })

  test('no input makes a route fail inside', async () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
      fc.boolean(),
    )
    const keys = fc.constantFrom(
      'files',
      'since',
      'mode',
      'version',
      'name',
      'hours',
      'destination',
      'reason',
      'x',
      '__proto__',
    )
    const inputs = fc.tuple(
      fc.constantFrom(...ROUTES),
      fc.dictionary(keys, value, { maxKeys: 4 }),
      fc.string({ maxLength: 20 }),
    )
    await fc.assert(
      fc.asyncProperty(inputs, async ([{ method, path }, body, text]) => {
        api.nowMs += 10_000
        const url = `${path.replace(/:\w+/, encodeURIComponent(text) || '1')}?filter=${encodeURIComponent(text)}&limit=${encodeURIComponent(text)}`
        if (path === '/events' || (path === '/session' && method === 'DELETE')) return
        const { status } = await ask(method, url, { ...as('admin'), ...(method === 'GET' ? {} : { body }) })
        assert.ok(status < 500, `${method} ${url} answered ${status}`)
      }),
      { numRuns: 150 },
    )
  })

  test('input that does not fit says where and what, in a line', async () => {
    const { status, body } = await ask('GET', '/flows?limit=0&format=xml', as('viewer'))
    assert.equal(status, 400)
    const { message } = body['error'] as { message: string }
    assert.match(message, /^limit: [^\n]+; format: [^\n]+$/)
  })

  test('what fails inside is told to who runs the host, and not to who asks', async () => {
    await using broken = await TestApi.open(flows, {
      networkNames: () => {
        throw new Error('a file of the inside')
      },
    })
    const { status, body } = await broken.ask('GET', '/destinations', broken.as('viewer'))
    assert.equal(status, 500)
    assert.doesNotMatch(JSON.stringify(body), /inside/)
    assert.deepEqual(broken.failures.map(String), ['Error: a file of the inside'])
  })

  test('the page runs and loads nothing but files of ours', async () => {
    const page = await api.app.inject({ url: '/', headers: { host: HOST } })
    const policy = String(page.headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self' 'sha256-/)
    assert.doesNotMatch(policy, /unsafe|\*/)
    for (const [, inline] of page.body.matchAll(/<script(?: type="importmap")?>([^]*?)<\/script>/g))
      assert.ok(policy.includes(createHash('sha256').update(inline!).digest('base64')))
    const loaded = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!)
    for (const url of loaded) {
      const file = await api.app.inject({ url, headers: { host: HOST } })
      assert.equal(file.statusCode, 200, url)
      assert.match(String(file.headers['cache-control']), /immutable/)
      const packed = await api.app.inject({ url, headers: { host: HOST, 'accept-encoding': 'br, gzip' } })
      assert.equal(gunzipSync(packed.rawPayload).toString(), file.body)
    }
    const again = { host: HOST, 'if-none-match': String(page.headers['etag']) }
    assert.equal((await api.app.inject({ url: '/', headers: again })).statusCode, 304)
    assert.equal((await api.app.inject({ url: '/app/../api/route.ts', headers: { host: HOST } })).statusCode, 404)
  })

  test('OpenAPI describes every route, and the page of the reference lists the same', async () => {
    const { body } = await ask('GET', '/openapi.json')
    const paths = body['paths'] as Record<string, Record<string, { security?: object }>>
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const routes = ROUTES.map(({ method, path }) => `${method} /api/v1${path.replace(/:(\w+)/g, '{$1}')}`)
    assert.deepEqual(described.toSorted(), routes.toSorted())
    assert.equal(
      new Set(
        Object.values(paths).flatMap((methods) =>
          Object.values(methods).map((each) => (each as { operationId: string }).operationId),
        ),
      ).size,
      routes.length,
    )
    const page = readFileSync(fileURLToPath(new URL('../../../docs/reference/api.md', import.meta.url)), 'utf8')
    const listed = [...page.matchAll(/^\| `((?:GET|POST|DELETE) [^`]+)` \| (\w+|everyone) \|/gm)].map(
      (match) => `${match[1]} ${match[2]}`,
    )
    assert.deepEqual(
      listed.toSorted(),
      ROUTES.map(({ method, path, role }) => `${method} ${path} ${role ?? 'everyone'}`).toSorted(),
    )
  })
})
