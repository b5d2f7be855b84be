import type { CheckedCredentials, Identity } from './identity.ts'
import type { KerberosAcceptor } from './kerberos/kerberos-acceptor.ts'
import type { KerberosContext } from './kerberos/kerberos-context.ts'

/**
 * What Negotiate (RFC 4559) has settled on one connection: a client shows its ticket once, and nothing with the requests behind it. A
 * stream of HTTP/2 has one of its own, as its connection may carry requests of many.
 */
export class ConnectionLogin implements Disposable {
  #settled: { readonly identity: Identity; readonly untilMs: number } | null = null
  #context: KerberosContext | null = null
  #reply: Buffer | null = null
  readonly #endPoint: Buffer | null

  /** `endPoint`: what tickets may be bound to, where the client speaks TLS to this proxy. */
  constructor(endPoint: Buffer | null) {
    this.#endPoint = endPoint
  }

  /** Who it was, as long as the ticket holds. */
  identityAt(nowMs: number): Identity | null {
    return this.#settled !== null && nowMs < this.#settled.untilMs ? this.#settled.identity : null
  }

  /** What the next answer has to tell the client, once. */
  takeReply(): string | null {
    const reply = this.#reply
    this.#reply = null
    return reply === null || reply.length === 0 ? null : `Negotiate ${reply.toString('base64')}`
  }

  async negotiate(
    acceptor: KerberosAcceptor,
    token: Buffer,
    groupsOf: (principal: string) => readonly string[],
  ): Promise<CheckedCredentials> {
    const context = this.#context
    this.#context = null
    this.#settled = null
    const answer = await acceptor.accept(token, context, this.#endPoint)
    if (answer.state === 'refused') return answer
    this.#reply = answer.reply
    if (answer.state === 'more') {
      this.#context = answer.context
      return { problem: 'the login takes another token' }
    }
    const { principal, lifetimeMs } = answer
    const identity: Identity = { user: principal, groups: groupsOf(principal), tags: null }
    this.#settled = { identity, untilMs: performance.now() + lifetimeMs }
    return identity
  }

  [Symbol.dispose](): void {
    this.#context?.[Symbol.dispose]()
    this.#context = null
  }
}
