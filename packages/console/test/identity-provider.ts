import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export const SECRET = 'a-secret-of-the-test'

/** A certified OpenID Connect provider, and what a person does in front of it. */
export class IdentityProvider implements AsyncDisposable {
  readonly issuer: string
  readonly groups: Record<string, readonly string[]> = { ann: ['secops', 'staff'], eve: ['staff'] }
  readonly #server: Server

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.issuer = issuer
  }

  /** `host` is what it calls itself: a name of loopback. */
  static async open(callback: string, home: string, host = '127.0.0.1'): Promise<IdentityProvider> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const issuer = `http://${host}:${(server.address() as AddressInfo).port}`
    const identities = new IdentityProvider(server, issuer)
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'sallyport',
          client_secret: SECRET,
          // Of a native application, any port of loopback is the same (RFC 8252 §7.3).
          application_type: 'native',
          redirect_uris: [callback],
          post_logout_redirect_uris: [home],
        },
      ],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      scopes: ['openid', 'profile', 'groups'],
      cookies: { keys: ['of the test'] },
      pkce: { required: () => true },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: async () => ({ sub: `subject of ${id}`, preferred_username: id, groups: identities.groups[id] ?? [] }),
      }),
    })
    server.on('request', provider.callback())
    return identities
  }

  /** The path and query with which the browser comes back. */
  signIn(location: string, login: string): Promise<string> {
    const answers = [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }]
    return this.#follow(location, (page) => {
      const answer = answers.shift()
      if (answer === undefined) throw new Error(`another page: ${page}`)
      return { body: new URLSearchParams(answer) }
    })
  }

  cancel(location: string): Promise<string> {
    return this.#follow(location, () => ({ path: '/abort' }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #follow(
    location: string,
    answer: (page: string) => { readonly body?: URLSearchParams; readonly path?: string },
  ): Promise<string> {
    const cookies = new Map<string, string>()
    let body: URLSearchParams | null = null
    for (let at = new URL(location), steps = 0; steps < 20; steps++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const given = body === null ? {} : { method: 'POST', body }
      const response = await fetch(at, { ...given, redirect: 'manual', headers: { cookie } })
      for (const set of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!
        cookies.set(name!, value!)
      }
      body = null
      const next = response.headers.get('location')
      if (next !== null) {
        at = new URL(next, at)
        if (at.origin !== this.issuer) return at.pathname + at.search
        continue
      }
      const given_ = answer(await response.text())
      if (given_.path !== undefined) at = new URL(at.pathname + given_.path, at)
      body = given_.body ?? null
    }
    throw new Error('the provider leads nowhere')
  }
}
