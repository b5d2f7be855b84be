import { createSecureContext, type SecureContext } from 'node:tls'
import type { CertificateAuthority } from './certificate-authority.ts'

const MOST_KEPT = 2000
const KEPT_MS = 2 * 86_400_000

type Kept = { readonly context: Promise<SecureContext>; readonly untilMs: number }

/** Certificates by host, made when first asked for. */
export class LeafContexts {
  readonly #authority: CertificateAuthority
  readonly #kept = new Map<string, Kept>()

  constructor(authority: CertificateAuthority) {
    this.#authority = authority
  }

  for(host: string): Promise<SecureContext> {
    const nowMs = Date.now()
    const kept = this.#kept.get(host)
    if (kept !== undefined && kept.untilMs > nowMs) return kept.context
    const context = this.#make(host, nowMs)
    this.#kept.delete(host)
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(host, { context, untilMs: nowMs + KEPT_MS })
    return context
  }

  async #make(host: string, nowMs: number): Promise<SecureContext> {
    const cert = await this.#authority.issue(host, nowMs)
    const { certPem, leafKeyPem } = this.#authority
    return createSecureContext({ cert: `${cert}\n${certPem}`, key: leafKeyPem, minVersion: 'TLSv1.2' })
  }
}
