import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is wrong with the next ID token. */
export type Forged = {
  readonly alg?: 'none' | 'HS256'
  readonly key?: 'foreign' | 'unknown'
  readonly claims?: Readonly<Record<string, unknown>>
  readonly expiredSeconds?: number
  readonly isLeftOut?: true
}

/** An issuer that publishes one key, and signs, or does not, whatever a test wants. */
export class ForgingIssuer implements AsyncDisposable {
  readonly issuer: string
  next: { readonly nonce: string; readonly forged: Forged } = { nonce: '', forged: {} }
  readonly #server: Server
  readonly #own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  private constructor(server: Server) {
    this.#server = server
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', ({ url = '' }, response) => this.#answer(url, response))
  }

  static async open(): Promise<ForgingIssuer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ForgingIssuer(server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(url: string, response: ServerResponse): void {
    if (url.startsWith('/endless')) return void response.writeHead(200, JSON_TYPE).end(`"${'x'.repeat(2 ** 21)}"`)
    const { issuer } = this
    const answers: Readonly<Record<string, () => object>> = {
      '/.well-known/openid-configuration': () => ({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        // A provider that offers these is no reason to take them.
        id_token_signing_alg_values_supported: ['none', 'HS256', 'ES256'],
      }),
      '/keys': () => ({ keys: [{ ...this.#own.publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES256' }] }),
      '/token': () => ({
        access_token: 'any',
        token_type: 'bearer',
        ...(this.next.forged.isLeftOut === true ? {} : { id_token: this.#token() }),
      }),
    }
    const answer = answers[url]
    if (answer === undefined) return void response.writeHead(404).end()
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer()))
  }

  #token(): string {
    const { nonce, forged } = this.next
    const now = Math.floor(Date.now() / 1000)
    const exp = now + (forged.expiredSeconds === undefined ? 60 : -forged.expiredSeconds)
    const usual = { iss: this.issuer, aud: 'sallyport', sub: '7', preferred_username: 'ann', groups: ['secops'] }
    const { alg = 'ES256' } = forged
    const head = { alg, kid: forged.key === 'unknown' ? 'another' : 'own' }
    const text = [head, { ...usual, iat: now - 300, exp, nonce, ...forged.claims }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${this.#signature(text, alg)}`
  }

  #signature(text: string, alg: string): string {
    if (alg === 'none') return ''
    const { publicKey } = this.#own
    if (alg === 'HS256')
      return createHmac('sha256', publicKey.export({ format: 'pem', type: 'spki' }))
        .update(text)
        .digest('base64url')
    const key: KeyObject = (this.next.forged.key === undefined ? this.#own : this.#foreign).privateKey
    return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }
