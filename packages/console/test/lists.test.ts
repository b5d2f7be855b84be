import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { FlowStore, parseStoredFlow, type Role, type StoredFlow } from '@sallyport/store'
import { ROUTES } from '../src/api/build-api.ts'
import { NOW, TestApi } from './test-api.ts'

const allowed = { verdict: 'allow', layer: 'p', mode: 'enforce', stage: 'connect', reason: 'rule', explain: '' }
const flow = (index: number): object => ({
  time: NOW - 1000 * (1500 - index),
  app: index % 2 === 0 ? '/usr/bin/curl' : '=cmd()',
  user: 'root',
  domain: `h${index % 3}.example`,
  dst: '198.51.100.7',
  port: 443,
  transport: 'tcp',
  country: 'DE',
  asn: 64_500,
  verdict: { ...allowed, rule: index % 3 === 0 ? 'a' : 'old' },
})
const stored = (flows: readonly object[]): readonly StoredFlow[] =>
  flows.map((each) => parseStoredFlow(JSON.stringify(each)) as StoredFlow)

/** Nothing is there in these suites. */
const NO_ROWS = ['/policy/versions', '/feeds', '/alerts', '/mutes']

suite('lists of the API', () => {
  let flows: FlowStore
  let api: TestApi
  const get = async (path: string) => api.ask('GET', path, api.as('admin'))

  before(async () => {
    flows = await FlowStore.open()
    await flows.ingest({ id: 'b', flows: stored(Array.from({ length: 1500 }, (_, index) => flow(index))) }, NOW)
  })
  after(() => flows[Symbol.dispose]())
  beforeEach(async () => {
    api = await TestApi.open(flows)
  })
  afterEach(() => api[Symbol.asyncDispose]())

  test('every list comes in pages that together are the whole, each row once', async () => {
    for (let index = 0; index < 7; index++)
      await api.state.audit.add({ timeMs: NOW, actor: 'ann', action: 'apply', target: `version ${index}` })
    for (const { path, list } of ROUTES) {
      if (list === undefined) continue
      const start = `${path}?${path === '/top' ? 'by=destination&' : ''}`
      const whole = (await get(`${start}limit=400`)).body[list.name]
      const rows: unknown[] = []
      for (let after = ''; ;) {
        const { body } = await get(`${start}limit=3${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`)
        rows.push(...(body[list.name] as unknown[]))
        if (body['next'] === null || rows.length >= 30) break
        after = String(body['next'])
      }
      assert.ok(Array.isArray(whole) && whole.length > 0 === !NO_ROWS.includes(path), path)
      assert.deepEqual(rows, whole.slice(0, rows.length), path)
      assert.ok(rows.length === whole.length || rows.length >= 30, path)
    }
  })

  test('a list is kept as a whole, beyond a page, as JSON Lines and as CSV', async () => {
    const lines = await get('/flows?format=jsonl')
    assert.equal(lines.headers['content-type'], 'application/x-ndjson; charset=utf-8')
    assert.equal(lines.headers['content-disposition'], 'attachment; filename="flows.jsonl"')
    assert.equal(lines.text.trimEnd().split('\n').length, 1500)
    const table = await get('/flows?format=csv&filter=domain:h0.example')
    const [head, ...rows] = table.text.trimEnd().split('\r\n')
    assert.match(head!, /^time,verdict\.verdict,verdict\.mode,verdict\.rule,/)
    assert.equal(rows.length, 500)
    assert.match(rows.at(-1)!, /^2026-10-01T11:35:00\.000Z,allow,enforce,a,rule,h0\.example,/)
  })

  test('no spreadsheet takes a name that an application chose for a formula', async () => {
    const { text } = await get('/flows?format=csv&filter=-app:/usr/bin/curl')
    assert.match(text, /,'=cmd\(\),/)
    assert.doesNotMatch(text, /,=/)
  })

  test('what is wrong with the question is said, also when a file was asked for', async () => {
    for (const path of ['/flows?format=csv&filter=domian:x', '/flows?format=xml', '/audit?after=x&format=jsonl'])
      assert.equal((await get(path)).status, 400, path)
  })

  test('rules say how many flows each decided, which decided none, and which are in the policy no more', async () => {
    const rules = ['a', 'b'].map((id) => `  - { id: ${id}, action: allow, to: [${id}.example] }`).join('\n')
    const files = [{ file: 'p.yaml', text: `sallyport: 1\nname: p\nrules:\n${rules}\n` }]
    await api.ask('POST', '/policy/apply', { ...api.as('editor'), body: { files, mode: 'monitor' } })
    const { body } = await get('/rules?since=1d')
    const said = (body['rules'] as { rule: string; use: string; flows: number; line: number }[]).map((row) => [
      row.rule,
      row.use,
      row.flows,
      row.line,
    ])
    assert.deepEqual(said, [
      ['a', 'used', 500, 4],
      ['b', 'unused', 0, 5],
      ['old', 'gone', 1000, null],
    ])
    const unused = await get('/rules?since=1d&use=unused')
    assert.deepEqual(
      (unused.body['rules'] as { rule: string }[]).map(({ rule }) => rule),
      ['b'],
    )
  })

  test('a destination says where it lies, in which network, and how many go there', async () => {
    const { body } = await get('/destinations?limit=1&filter=domain:h0.example')
    const [row] = body['destinations'] as Record<string, unknown>[]
    assert.deepEqual(
      [row?.['destination'], row?.['countries'], row?.['networks'], row?.['flows'], row?.['apps'], row?.['users']],
      ['h0.example', ['DE'], [{ asn: 64_500, name: 'Example Networks' }], 500, 2, 1],
    )
  })

  test('the feeds of the policy are listed with their state, and refreshed by whom may', async () => {
    const feeds = 'feeds:\n  bad: { url: "https://lists.example/bad.txt", refresh: 1h }\n'
    const rules = 'rules:\n  - { id: no, action: deny, to: [{ feed: bad }] }\n'
    const files = [{ file: 'p.yaml', text: `sallyport: 1\nname: p\n${feeds}${rules}` }]
    await api.ask('POST', '/policy/apply', { ...api.as('editor'), body: { files, mode: 'monitor' } })
    const [row] = (await get('/feeds')).body['feeds'] as Record<string, unknown>[]
    assert.deepEqual([row?.['name'], row?.['state'], row?.['refreshSeconds']], ['bad', 'never fetched', 3600])
    assert.equal((await get('/feeds/bad')).status, 200)
    assert.equal((await get('/feeds/none')).status, 404)
    assert.equal((await api.ask('POST', '/feeds/bad/refresh', api.as('viewer'))).status, 403)
    const refreshed = await api.ask('POST', '/feeds/bad/refresh', api.as('analyst'))
    assert.deepEqual(refreshed.body, { outcome: 'unchanged', reason: null })
  })

  test('the audit log is searched for a text, which is no pattern', async () => {
    await api.state.audit.add({ timeMs: NOW, actor: 'ann', action: 'apply', target: 'version 1' })
    await api.state.audit.add({ timeMs: NOW, actor: 'bob', action: 'mute', target: '100%' })
    const found = async (text: string) =>
      ((await get(`/audit?search=${encodeURIComponent(text)}`)).body['entries'] as { actor: string }[]).map(
        ({ actor }) => actor,
      )
    assert.deepEqual([await found('ANN'), await found('%'), await found('_')], [['ann'], ['bob'], []])
  })

  /** The text of a stream as it comes, until the signal of the scope; what was read at its end. */
  const stream = async (
    path: string,
    role: Role = 'viewer',
  ): Promise<AsyncDisposable & { readonly until: (end: RegExp) => Promise<string> }> => {
    const { port } = api.app.server.address() as AddressInfo
    const { headers } = api.as(role)
    const asked = request({ host: '127.0.0.1', port, path: `/api/v1${path}`, headers })
    // Of what is under way when it is left.
    asked.on('error', () => {}).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.on('error', () => {})
    assert.equal(answer.headers['content-type'], 'text/event-stream')
    const pieces = answer.setEncoding('utf8')[Symbol.asyncIterator]()
    const until = async (end: RegExp): Promise<string> => {
      let text = ''
      while (!end.test(text)) {
        const { value, done } = await pieces.next()
        if (done === true) return `${text}<end>`
        text += String(value)
      }
      return text
    }
    return { until, [Symbol.asyncDispose]: async () => void asked.destroy() }
  }

  test('a stream begins with what there is, and goes on with what comes; a reader that leaves is let go', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    await using live = await stream('/flows?format=sse&filter=domain:later.example')
    await flows.ingest({ id: 'later', flows: stored([{ ...flow(1), domain: 'later.example' }]) }, NOW)
    api.events.emit({ kind: 'stored', flows: 1 })
    assert.match(await live.until(/\n\n/), /^event: row\ndata: \{.*"domain":"later\.example".*\}\n\n/)
  })

  test('every list is a stream: of what there is, and of what comes', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    await api.state.audit.add({ timeMs: NOW, actor: 'ann', action: 'apply', target: 'version 1' })
    for (const { path, list } of ROUTES) {
      if (list === undefined) continue
      await using live = await stream(`${path}?format=sse${path === '/top' ? '&by=destination' : ''}`, 'admin')
      if (!NO_ROWS.includes(path)) assert.match(await live.until(/\n\n/), /^event: row\ndata: \{/, path)
    }
    await using users = await stream('/users?format=sse&search=newcomer', 'admin')
    await using mutes = await stream('/mutes?format=sse')
    const password = 'correct horse battery'
    await api.ask('POST', '/users', { ...api.as('admin'), body: { name: 'newcomer', role: 'viewer', password } })
    assert.match(await users.until(/\n\n/), /^event: row\ndata: \{"name":"newcomer"/)
    await api.ask('POST', '/mutes', { ...api.as('analyst'), body: { subject: 'ann', hours: 1 } })
    assert.match(await mutes.until(/\n\n/), /^event: row\ndata: \{.*"subject":"ann"/)
  })

  test('a stream ends for who is removed', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    await using live = await stream('/flows?format=sse&filter=domain:secret.example')
    await using events = await stream('/events')
    await events.until(/open/)
    await api.ask('DELETE', '/users/viewer', api.as('admin'))
    await flows.ingest({ id: 'secret', flows: stored([{ ...flow(1), domain: 'secret.example' }]) }, NOW)
    api.events.emit({ kind: 'stored', flows: 1 })
    assert.deepEqual([await live.until(/secret/), await events.until(/stored/)], ['<end>', '<end>'])
  })

  test('a count that grows comes again in a stream of what is busiest', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    await flows.ingest({ id: 'busy1', flows: stored([{ ...flow(1), domain: 'busy.example' }]) }, NOW)
    await using live = await stream('/top?by=destination&format=sse&filter=domain:busy.example')
    assert.match(await live.until(/\n\n/), /"key":"busy\.example","flows":1,/)
    await flows.ingest({ id: 'busy2', flows: stored([{ ...flow(2), domain: 'busy.example' }]) }, NOW)
    api.events.emit({ kind: 'stored', flows: 1 })
    assert.match(await live.until(/\n\n/), /"key":"busy\.example","flows":2,/)
  })
})
