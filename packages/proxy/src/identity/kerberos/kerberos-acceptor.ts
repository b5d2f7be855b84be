import {
  channelBindings,
  HOST_BASED_SERVICE,
  KERBEROS,
  loadGssLibrary,
  SPNEGO,
  type GssBuffer,
  type GssHandle,
  type GssLibrary,
  type GssOut,
} from './gss-library.ts'
import { KerberosContext } from './kerberos-context.ts'

export type KerberosOptions = {
  /** Path of a file of keys; it is read for every login, so that new keys hold at once. */
  readonly keytab: string
  /** Whose users are taken. */
  readonly realms: readonly string[]
  /** Whether a ticket that comes over TLS must be bound to it. */
  readonly mustBind?: boolean
}

export type KerberosAnswer =
  /** `principal` is `user@REALM`; `reply` proves to the client whom it speaks to. */
  | { readonly state: 'known'; readonly principal: string; readonly lifetimeMs: number; readonly reply: Buffer }
  /** The client has to say more. */
  | { readonly state: 'more'; readonly context: KerberosContext; readonly reply: Buffer }
  | { readonly state: 'refused'; readonly problem: string }

/** A ticket with a long list of groups has that many at most (MaxTokenSize of Windows). */
const MOST_TOKEN_OCTETS = 48_000
const MOST_WAITING = 64
const INDEFINITE = 0xffffffff
const USAGE_ACCEPT = 2
/** GSS_C_CHANNEL_BOUND_FLAG of MIT 1.19 and later. */
const IS_BOUND = 2048
const CONTINUE_NEEDED = 1
const GSS_STATUS = 1
const MECHANISM_STATUS = 2

const isError = (major: number): boolean => major >= 0x10000
const refused = (problem: string): KerberosAnswer => ({ state: 'refused', problem })

/** Checks tickets for the service HTTP by the machine's GSS-API library, off the event loop. Its replay cache refuses what was used before. */
export class KerberosAcceptor {
  readonly #gss: GssLibrary
  readonly #options: KerberosOptions
  readonly #service: GssHandle
  #waiting = 0

  /** Throws when the machine has no such library. */
  constructor(options: KerberosOptions) {
    this.#gss = loadGssLibrary()
    this.#options = options
    const name: GssOut<GssHandle> = [null]
    const service = Buffer.from('HTTP')
    this.#gss.importName([0], { length: service.length, value: service }, HOST_BASED_SERVICE, name)
    this.#service = name[0]
  }

  /** Never rejects. Ends `before` unless the answer has it. `endPoint`: of the TLS that the token came on, which one that is bound must be bound to. */
  async accept(token: Buffer, before: KerberosContext | null, endPoint: Buffer | null): Promise<KerberosAnswer> {
    const context = before ?? new KerberosContext(this.#gss)
    const answer = await this.#bounded(token, context, endPoint)
    if (answer.state !== 'more') context[Symbol.dispose]()
    return answer
  }

  async #bounded(token: Buffer, context: KerberosContext, endPoint: Buffer | null): Promise<KerberosAnswer> {
    // Windows sends it where it has no ticket (MS-NLMP §2.2.1).
    if (token.toString('latin1', 0, 8) === 'NTLMSSP\0') return refused('the client offers NTLM, not Kerberos')
    if (token.length > MOST_TOKEN_OCTETS) return refused(`the token has more than ${MOST_TOKEN_OCTETS} octets`)
    if (this.#waiting >= MOST_WAITING) return refused('too many logins at the same time')
    this.#waiting++
    const credential: GssOut<GssHandle> = [null]
    try {
      return (await this.#acquire(credential)) ?? (await this.#accept(token, credential[0], context, endPoint))
    } finally {
      this.#waiting--
      if (credential[0] !== null) this.#gss.releaseCredential([0], credential)
    }
  }

  async #acquire(credential: GssOut<GssHandle>): Promise<KerberosAnswer | null> {
    const gss = this.#gss
    const minor: GssOut<number> = [0]
    const mechanisms = { count: 2, elements: [KERBEROS, SPNEGO] }
    const store = { count: 1, elements: [{ key: 'keytab', value: `FILE:${this.#options.keytab}` }] }
    const acquire = gss.acquireCredential
    const acquired = await later((then) =>
      acquire.async(minor, this.#service, INDEFINITE, mechanisms, USAGE_ACCEPT, store, credential, null, null, then),
    )
    if (isError(acquired)) return refused(`the keys cannot be used: ${this.#status(acquired, minor[0])}`)
    // Nothing else is negotiated: IAKERB would carry the work on a password through here.
    const set = gss.setNegotiated(minor, credential[0], { count: 1, elements: [KERBEROS] })
    return isError(set) ? refused(this.#status(set, minor[0])) : null
  }

  async #accept(
    token: Buffer,
    credential: GssHandle,
    context: KerberosContext,
    endPoint: Buffer | null,
  ): Promise<KerberosAnswer> {
    const minor: GssOut<number> = [0]
    const source: GssOut<GssHandle> = [null]
    const output: GssBuffer = { length: 0, value: null }
    const seconds: GssOut<number> = [0]
    const input = { length: token.length, value: token }
    const flags: GssOut<number> = [0]
    const bindings = endPoint === null ? null : channelBindings(endPoint)
    const { acceptContext } = this.#gss
    const major = await later((then) =>
      acceptContext.async(
        minor,
        context.at,
        credential,
        input,
        bindings,
        source,
        null,
        output,
        flags,
        seconds,
        null,
        then,
      ),
    )
    const reply = this.#taken(output)
    try {
      if (isError(major)) return refused(this.#status(major, minor[0]))
      if (major === CONTINUE_NEEDED) return { state: 'more', context, reply }
      const isBound = ((flags[0] ?? 0) & IS_BOUND) !== 0
      if (endPoint !== null && this.#options.mustBind === true && !isBound)
        return refused('the ticket is not bound to the TLS connection')
      return this.#known(source[0], seconds[0] ?? 0, reply)
    } finally {
      if (source[0] !== null) this.#gss.releaseName([0], source)
    }
  }

  #known(source: GssHandle, seconds: number, reply: Buffer): KerberosAnswer {
    const text: GssBuffer = { length: 0, value: null }
    if (isError(this.#gss.displayName([0], source, text, null))) return refused('the ticket names nobody')
    const principal = this.#taken(text).toString('utf8')
    const realm = principal.slice(principal.lastIndexOf('@') + 1)
    if (!this.#options.realms.includes(realm)) return refused(`users of ${realm} are not taken`)
    return { state: 'known', principal, lifetimeMs: seconds * 1000, reply }
  }

  /** What the library says, first of Kerberos, else of GSS-API. */
  #status(major: number, minor: number | null): string {
    return this.#words(minor ?? 0, MECHANISM_STATUS) || this.#words(major, GSS_STATUS)
  }

  #words(status: number, kind: number): string {
    if (status === 0) return ''
    const text: GssBuffer = { length: 0, value: null }
    const mechanism = kind === MECHANISM_STATUS ? KERBEROS : null
    const isUnknown = isError(this.#gss.displayStatus([0], status, kind, mechanism, [0], text))
    return isUnknown ? `status ${status}` : this.#taken(text).toString('utf8')
  }

  #taken(buffer: GssBuffer): Buffer {
    const octets = this.#gss.octets(buffer)
    this.#gss.releaseBuffer([0], buffer)
    return octets
  }
}

/** The major status of a call that runs in a thread; a call that could not be made has failed. */
function later(call: (then: (error: unknown, major: number) => void) => void): Promise<number> {
  return new Promise((resolve) => {
    try {
      call((error, major) => resolve(error ? FAILURE : major))
    } catch {
      resolve(FAILURE)
    }
  })
}

const FAILURE = 13 << 16
