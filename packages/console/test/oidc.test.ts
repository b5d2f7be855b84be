import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { FlowStore } from '@sallyport/store'
import { OidcSignIn } from '../src/oidc/oidc-sign-in.ts'
import { readOidcSettings, type OidcSettings } from '../src/oidc/oidc-settings.ts'
import { ForgingIssuer, type Forged } from './forging-issuer.ts'
import { IdentityProvider, SECRET } from './identity-provider.ts'
import { HOST, NOW, TestApi } from './test-api.ts'

const settings = (issuer: string, more: Partial<OidcSettings> = {}): OidcSettings => ({
  issuer,
  clientId: 'sallyport',
  clientSecret: SECRET,
  label: 'Example',
  scopes: ['openid', 'profile', 'groups'],
  nameClaim: 'preferred_username',
  groupsClaim: 'groups',
  roles: { viewer: ['staff'], analyst: [], editor: ['netops'], admin: ['secops'] },
  ...more,
})

type Redirected = { readonly location: string; readonly cookies: Readonly<Record<string, string>> }

/** A browser before the console, at `host`, with the cookies that it was given. */
class Visitor {
  readonly api: TestApi
  readonly host: string
  readonly cookies: Record<string, string> = {}

  constructor(api: TestApi, host: string = HOST) {
    this.api = api
    this.host = host
  }

  async go(path: string): Promise<Redirected> {
    const cookie = Object.entries(this.cookies).map(([name, value]) => `${name}=${value}`)
    const headers = { host: this.host, cookie: cookie.join('; ') }
    const answer = await this.api.app.inject({ method: 'GET', url: path, headers })
    for (const { name, value } of answer.cookies) this.cookies[name] = value
    assert.equal(answer.statusCode, 303, answer.body)
    return { location: String(answer.headers['location']), cookies: this.cookies }
  }

  /** The query with which the browser is to come back. */
  async begin(): Promise<URLSearchParams> {
    return new URL((await this.go('/api/v1/session/oidc')).location).searchParams
  }

  async comeBack(query: Record<string, string>): Promise<string> {
    return (await this.go(`/api/v1/session/oidc/callback?${new URLSearchParams(query)}`)).location
  }

  async session(): Promise<{ readonly name: string; readonly role: string; readonly isExternal: boolean } | null> {
    const headers = { cookie: `sallyport=${this.cookies['sallyport'] ?? ''}` }
    return (await this.api.ask('GET', '/session', { headers })).body['user'] as never
  }
}

suite('signing in with an identity provider', () => {
  let flows: FlowStore
  let provider: IdentityProvider
  let api: TestApi
  let oidc: OidcSignIn
  before(async () => {
    flows = await FlowStore.open()
    provider = await IdentityProvider.open(`http://${HOST}/api/v1/session/oidc/callback`, `http://${HOST}/`)
  })
  after(async () => {
    flows[Symbol.dispose]()
    await provider[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    oidc = new OidcSignIn(settings(provider.issuer), () => api.nowMs)
    api = await TestApi.open(flows, { oidc })
  })
  afterEach(() => api[Symbol.asyncDispose]())
  const lastAudit = async (): Promise<string> => {
    const [{ actor, action } = { actor: '', action: '' }] = await api.state.audit.list(1)
    return `${actor} ${action}`
  }

  test('whoever the provider knows comes in with the highest role of their groups, and is in the audit log', async () => {
    for (const [login, role] of [
      ['ann', 'admin'],
      ['eve', 'viewer'],
    ] as const) {
      const visitor = new Visitor(api)
      const { location } = await visitor.go('/api/v1/session/oidc')
      const back = await provider.signIn(location, login)
      assert.equal((await visitor.go(back)).location, '/#/overview')
      assert.deepEqual(await visitor.session(), { name: `oidc:${login}`, role, createdMs: NOW, isExternal: true })
      assert.equal(await lastAudit(), `oidc:${login} sign in`)
    }
  })

  test('the cookie of the session is as strict as with a password, and that of the way there is gone', async () => {
    const visitor = new Visitor(api)
    const back = await provider.signIn((await visitor.go('/api/v1/session/oidc')).location, 'ann')
    const answer = await api.app.inject({
      method: 'GET',
      url: back,
      headers: { host: HOST, cookie: `sallyport-oidc=${visitor.cookies['sallyport-oidc']}` },
    })
    const [session, begun] = answer.headers['set-cookie'] as string[]
    assert.match(session!, /^sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
    assert.match(begun!, /^sallyport-oidc=; .*Max-Age=0$/)
  })

  test('a role that is taken away there is gone here at the next sign-in, with all sessions', async () => {
    const first = new Visitor(api)
    await first.go(await provider.signIn((await first.go('/api/v1/session/oidc')).location, 'ann'))
    provider.groups['ann'] = ['staff']
    const second = new Visitor(api)
    await second.go(await provider.signIn((await second.go('/api/v1/session/oidc')).location, 'ann'))
    assert.equal((await first.session())?.role, 'viewer')
    provider.groups['ann'] = ['cooks']
    const third = new Visitor(api)
    const { location } = await third.go(await provider.signIn((await third.go('/api/v1/session/oidc')).location, 'ann'))
    provider.groups['ann'] = ['secops']
    assert.equal(location, '/#/refused/no-role')
    assert.equal(await lastAudit(), 'oidc sign-in refused: no-role')
    for (const visitor of [first, second, third]) assert.equal(await visitor.session(), null)
  })

  test('signing out ends the session here and says where it ends there; local accounts stay here', async () => {
    const visitor = new Visitor(api)
    await visitor.go(await provider.signIn((await visitor.go('/api/v1/session/oidc')).location, 'ann'))
    const cookie = `sallyport=${visitor.cookies['sallyport']}`
    const { body } = await api.ask('GET', '/session', { headers: { cookie } })
    assert.equal(body['oidc'], 'Example')
    const headers = { cookie, 'x-csrf-token': String(body['csrf']) }
    const left = await api.ask('DELETE', '/session', { headers })
    const leave = new URL(String(left.body['leave']))
    assert.equal(leave.origin, provider.issuer)
    assert.equal(leave.searchParams.get('post_logout_redirect_uri'), `http://${HOST}/`)
    assert.equal(await visitor.session(), null)
    assert.equal((await api.ask('DELETE', '/session', api.as('viewer'))).body['leave'], null)
  })

  test('a code that was used, that another browser began, or that comes too late is refused', async () => {
    const visitor = new Visitor(api)
    const back = await provider.signIn((await visitor.go('/api/v1/session/oidc')).location, 'ann')
    const begun = visitor.cookies['sallyport-oidc']!
    assert.equal((await new Visitor(api).go(back)).location, '/#/refused/not-begun')
    const elsewhere = new Visitor(api, 'localhost:7117')
    elsewhere.cookies['sallyport-oidc'] = begun
    assert.equal((await elsewhere.go(back)).location, '/#/refused/not-begun')
    visitor.cookies['sallyport-oidc'] = begun
    assert.equal((await visitor.go(back)).location, '/#/refused/not-begun', 'it is used up, whoever tried')
    const late = new Visitor(api)
    const lateBack = await provider.signIn((await late.go('/api/v1/session/oidc')).location, 'ann')
    api.nowMs += 600_000
    assert.equal((await late.go(lateBack)).location, '/#/refused/not-begun')
  })

  test('the provider itself refuses a code that it has redeemed, and a sign-in that somebody cancels', async () => {
    const visitor = new Visitor(api)
    const back = await provider.signIn((await visitor.go('/api/v1/session/oidc')).location, 'ann')
    const code = new URL(back, provider.issuer).searchParams.get('code')!
    await visitor.go(back)
    const again = new Visitor(api)
    const query = await again.begin()
    const replayed = { code, state: query.get('state')!, iss: provider.issuer }
    assert.equal(await again.comeBack(replayed), '/#/refused/refused')
    assert.match((await api.state.audit.list(1))[0]!.target, /grant/)
    const cancelled = new Visitor(api)
    const cancelledBack = await provider.cancel((await cancelled.go('/api/v1/session/oidc')).location)
    assert.equal((await cancelled.go(cancelledBack)).location, '/#/refused/refused')
  })

  test('a local account of the same name is another’s, and has no way in without its password', async () => {
    await api.state.users.add('ann', 'viewer', 'correct horse battery', NOW)
    const visitor = new Visitor(api)
    await visitor.go(await provider.signIn((await visitor.go('/api/v1/session/oidc')).location, 'ann'))
    assert.equal((await visitor.session())?.name, 'oidc:ann')
    for (const password of ['', 'correct horse battery'])
      assert.equal((await api.ask('POST', '/session', { body: { name: 'oidc:ann', password } })).status, 401)
  })

  test('more than ten a minute are too many', async () => {
    const visitor = new Visitor(api)
    for (let count = 0; count < 10; count++) await visitor.begin()
    const answer = await api.ask('GET', '/session/oidc')
    assert.equal(answer.status, 429)
  })
})

suite('an issuer that lies', () => {
  let flows: FlowStore
  let issuer: ForgingIssuer
  let api: TestApi
  before(async () => {
    flows = await FlowStore.open()
    issuer = await ForgingIssuer.open()
    api = await TestApi.open(flows, { oidc: new OidcSignIn(settings(issuer.issuer), () => api.nowMs) })
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
    flows[Symbol.dispose]()
    await issuer[Symbol.asyncDispose]()
  })

  const answerTo = async (forged: Forged, comeBack: Record<string, string> = {}): Promise<[string, string]> => {
    // Ten sign-ins a minute are answered.
    api.nowMs += 10_000
    const visitor = new Visitor(api)
    const query = await visitor.begin()
    issuer.next = { nonce: query.get('nonce')!, forged }
    const location = await visitor.comeBack({ code: 'any', state: query.get('state')!, ...comeBack })
    return [location, (await api.state.audit.list(1))[0]!.target]
  }

  test('what is as it must be comes in, a minute of difference between clocks allowed', async () => {
    assert.equal((await answerTo({}))[0], '/#/overview')
    assert.equal((await answerTo({ expiredSeconds: 50 }))[0], '/#/overview')
  })

  const lies: Readonly<Record<string, readonly [Forged, RegExp]>> = {
    'no signature at all': [{ alg: 'none' }, /alg/],
    'a signature by a secret, with the public key as the secret': [{ alg: 'HS256' }, /alg/],
    'a signature of another key under the known name': [{ key: 'foreign' }, /signature/],
    'a signature of a key that is not published': [{ key: 'unknown' }, /no applicable key/i],
    'a token for another client': [{ claims: { aud: 'another' } }, /aud/],
    'a token of another issuer': [{ claims: { iss: 'https://evil.example' } }, /iss/],
    'the nonce of another sign-in': [{ claims: { nonce: 'another' } }, /nonce/],
    'no nonce': [{ claims: { nonce: undefined } }, /nonce/],
    'a token that has expired': [{ expiredSeconds: 120 }, /exp/],
    'no subject': [{ claims: { sub: undefined } }, /sub/],
    'no ID token': [{ isLeftOut: true }, /id_token/],
  }
  for (const [what, [forged, detail]] of Object.entries(lies))
    test(`${what} is refused, and the audit log says why`, async () => {
      const [location, target] = await answerTo(forged)
      assert.equal(location, '/#/refused/invalid')
      assert.match(target, detail)
    })

  test('another state, another issuer in the answer, and an error in it are refused', async () => {
    assert.equal((await answerTo({}, { state: 'x'.repeat(43) }))[0], '/#/refused/invalid')
    assert.equal((await answerTo({}, { iss: 'https://evil.example' }))[0], '/#/refused/invalid')
    assert.equal((await answerTo({}, { error: 'access_denied' }))[0], '/#/refused/refused')
  })

  test('a name that is none is refused; two people never share an account', async () => {
    const name = { preferred_username: 'a b<script>' }
    assert.equal((await answerTo({ claims: name }))[0], '/#/refused/no-name')
    const { users } = api.state
    const identity = { externalId: 'https://a 1', name: 'oidc:bob', role: 'viewer' } as const
    assert.notEqual(await users.admitExternal(identity, NOW), null)
    assert.equal(await users.admitExternal({ ...identity, externalId: 'https://a 2', role: 'admin' }, NOW), null)
    assert.equal((await users.list()).find(({ name: each }) => each === 'oidc:bob')?.role, 'viewer')
  })

  test('an issuer that does not answer, or says too much, leaves the local accounts', async () => {
    for (const path of ['/gone', '/endless']) {
      const oidc = new OidcSignIn(settings(issuer.issuer + path), () => NOW)
      await using alone: TestApi = await TestApi.open(flows, { oidc })
      assert.equal((await new Visitor(alone).go('/api/v1/session/oidc')).location, '/#/refused/unavailable')
      assert.match((await alone.signIn('viewer'))['cookie']!, /^sallyport=[\w-]{43}$/)
    }
  })
})

test('a file says who may do what; what is wrong with it is said with its place', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-oidc-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const [path, secret] = [join(directory, 'oidc.yaml'), join(directory, 'secret')]
  writeFileSync(secret, 's3cret\n')
  const read = (text: string): OidcSettings => {
    writeFileSync(path, text)
    return readOidcSettings(path)
  }
  const good = `issuer: https://id.example\nclientId: a\nclientSecretFile: ${secret}\nroles: { viewer: ['*'] }\n`
  assert.deepEqual(
    [read(good).clientSecret, read(good).scopes, read(good).roles.admin],
    ['s3cret', ['openid', 'profile'], []],
  )
  const wrong = (text: string, where: RegExp): void =>
    assert.throws(
      () => read(text),
      (error: Error & { code: string; remedy: string }) => {
        assert.equal(error.code, 'usage')
        assert.match(error.remedy, where)
        return true
      },
    )
  wrong(good.replace('https:', 'http:'), /https[^]*issuer/)
  wrong(good.replace('roles', 'rolls'), /rolls/)
  wrong(good.replace("['*']", '7'), /roles\.viewer/)
})
