import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { FlowStore, totpCode } from '@sallyport/store'
import { decodeQR } from 'qr/decode.js'
import { NOW, PASSWORD, TestApi } from './test-api.ts'

const STEP_MS = 30_000

test('codes are those of RFC 6238, appendix B', () => {
  // The ASCII secret 12345678901234567890; the last six of the eight digits there.
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const codes = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000]
  assert.deepEqual(
    codes.map((seconds) => totpCode(secret, Math.floor(seconds / 30))),
    ['287082', '081804', '050471', '005924', '279037', '353130'],
  )
})

suite('a second factor', () => {
  let flows: FlowStore
  let api: TestApi
  let secret = ''
  const codeAt = (ms: number): string => totpCode(secret, Math.floor(ms / STEP_MS))
  const signIn = (fields: object) =>
    api.ask('POST', '/session', { body: { name: 'viewer', password: PASSWORD, ...fields } })
  const set = (fields: object) =>
    api.ask('POST', '/session/second-factor', {
      ...api.as('viewer'),
      body: { password: PASSWORD, secret, code: codeAt(NOW), ...fields },
    })

  before(async () => {
    flows = await FlowStore.open()
  })
  after(() => flows[Symbol.dispose]())
  beforeEach(async () => {
    api = await TestApi.open(flows)
    secret = String((await api.ask('GET', '/session/second-factor', api.as('viewer'))).body['secret'])
  })
  afterEach(() => api[Symbol.asyncDispose]())

  test('comes as a picture, too, that a camera reads as the address of the secret', async () => {
    const { body } = await api.ask('GET', '/session/second-factor', api.as('viewer'))
    const [rows, scale] = [body['code'] as readonly string[], 6]
    const size = rows.length * scale
    const data = new Uint8Array(size * size * 4).fill(255)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        if (rows[Math.floor(y / scale)]![Math.floor(x / scale)] === '1')
          data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3)
    assert.equal(decodeQR({ width: size, height: size, data }, { effort: Infinity, timeLimit: Infinity }), body['uri'])
  })

  test('is set with the password and a code that proves the secret', async () => {
    assert.equal((await set({ password: 'another password' })).status, 403)
    assert.equal((await set({ code: '000000' === codeAt(NOW) ? '000001' : '000000' })).status, 400)
    assert.equal((await set({ secret: 'SHORT' })).status, 400)
    assert.notEqual((await signIn({})).headers['set-cookie'], undefined)
    assert.equal((await set({})).status, 200)
  })

  test('is not changed by who guesses the password at an open session', async () => {
    const statuses: number[] = []
    for (let index = 0; index < 12; index++) statuses.push((await set({ password: `guess ${index}` })).status)
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 403), 429, 429])
    const { body } = await api.ask('GET', '/audit?search=refused', api.as('admin'))
    assert.deepEqual(
      new Set((body['entries'] as { action: string }[]).map(({ action }) => action)),
      new Set(['password refused']),
    )
  })

  test('is asked for after the password, and nobody is signed in before', async () => {
    await set({})
    const asked = await signIn({})
    assert.deepEqual([asked.body, asked.headers['set-cookie']], [{ needs: 'code' }, undefined])
    assert.equal((await signIn({ password: 'another password' })).status, 401)
    api.nowMs += STEP_MS
    assert.equal((await signIn({ code: codeAt(api.nowMs) })).status, 200)
  })

  test('a code is good once, and for the step beside it at most', async () => {
    await set({})
    assert.equal((await signIn({ code: codeAt(NOW) })).status, 401, 'the code that proved the secret')
    api.nowMs += 10 * STEP_MS
    assert.equal((await signIn({ code: codeAt(api.nowMs - 2 * STEP_MS) })).status, 401, 'too old')
    assert.equal((await signIn({ code: codeAt(api.nowMs - STEP_MS) })).status, 200)
    assert.equal((await signIn({ code: codeAt(api.nowMs - STEP_MS) })).status, 401, 'again')
    assert.equal((await signIn({ code: codeAt(api.nowMs) })).status, 200)
  })

  test('is taken away with the password, or by an administrator', async () => {
    await set({})
    const end = (password: string) =>
      api.ask('POST', '/session/second-factor/end', { ...api.as('viewer'), body: { password } })
    assert.equal((await end('another password')).status, 403)
    assert.equal((await end(PASSWORD)).status, 200)
    assert.equal((await signIn({})).body['needs'], undefined)
    await set({})
    const removed = await api.ask('DELETE', '/users/viewer/second-factor', api.as('admin'))
    assert.deepEqual(removed.body, { removed: true })
    const { body } = await api.ask('GET', '/audit?search=second', api.as('admin'))
    assert.deepEqual(
      (body['entries'] as { actor: string; action: string }[]).map(({ actor, action }) => `${actor}: ${action}`),
      [
        'admin: end second factor',
        'viewer: set second factor',
        'viewer: end second factor',
        'viewer: set second factor',
      ],
    )
  })
})
