import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { formatAddress } from '@sallyport/net'
import type { FlowAllowance } from '../allowance/flow-allowance.ts'
import { ANSWERS, reasonOfVerdict, type Refusal } from '../answers.ts'
import { addFindings, type Finding } from '../content/findings.ts'
import type { Judged } from '../decide/proxy-judge.ts'
import type { Identity } from '../identity/identity.ts'
import type { Endpoint } from '../options.ts'
import type { AccessRecord } from './access-record.ts'

type Draft = { -readonly [Key in keyof AccessRecord]: AccessRecord[Key] }

/** 64 bits that nobody can guess; Node makes UUIDs from octets that it draws in advance. */
function referenceId(): string {
  const uuid = randomUUID()
  return `${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(24, 28)}`
}

/** A record while its request runs. */
export class OpenRecord {
  readonly #startMs: number = performance.now()
  readonly #draft: Draft
  /** What the flow may move, where its rule has a limit. */
  allowance: FlowAllowance | null = null

  constructor(client: Endpoint, via: AccessRecord['via']) {
    this.#draft = {
      time: new Date(),
      id: referenceId(),
      client,
      user: null,
      groups: null,
      app: null,
      unit: null,
      via,
      method: null,
      httpVersion: null,
      host: null,
      port: null,
      path: null,
      dst: null,
      protocol: null,
      serverName: null,
      ja4: null,
      status: null,
      inspected: false,
      opened: false,
      spared: null,
      outcome: 'allowed',
      verdict: null,
      mode: null,
      rule: null,
      layer: null,
      stage: null,
      verdictReason: null,
      reason: null,
      explain: null,
      bytesOut: 0,
      bytesIn: 0,
      durationMs: 0,
      resolveMs: null,
      connectMs: null,
      firstByteMs: null,
      content: null,
      findings: null,
      icap: null,
      contentType: null,
      userAgent: null,
      referer: null,
    }
  }

  get id(): string {
    return this.#draft.id
  }

  get user(): string | null {
    return this.#draft.user
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs
  }

  set(facts: Partial<AccessRecord>): void {
    Object.assign(this.#draft, facts)
  }

  asker({ user, groups, process }: Identity): void {
    this.set({
      user: user ?? process?.user ?? null,
      groups: user === null ? (process?.groups ?? groups) : groups,
      app: process?.app ?? null,
      unit: process?.unit ?? null,
    })
  }

  judged(judged: Judged): void {
    if (judged.verdict !== null) {
      const { verdict, mode, rule, layer, stage, reason: verdictReason, explain } = judged.verdict
      this.set({ verdict, mode, rule, layer, stage, verdictReason, explain })
    }
  }

  refused(refusal: Refusal): void {
    const { reason, explain } = refusal
    const isDenial = ANSWERS[reason].proxyStatus === 'http_request_denied'
    const byRule = refusal.rule === null ? {} : { rule: refusal.rule, layer: refusal.layer }
    this.set({ outcome: isDenial ? 'denied' : 'failed', reason, explain, ...byRule })
  }

  addContent(more: readonly Finding[]): void {
    const findings = addFindings(this.#draft.findings ?? [], more)
    this.set({ findings, content: findings.map(({ detector }) => detector) })
  }

  addOctets(out: number, into: number): void {
    this.#draft.bytesOut += out
    this.#draft.bytesIn += into
  }

  get isMonitored(): boolean {
    return this.#draft.outcome === 'allowed' && this.#draft.verdict !== null && this.#draft.verdict !== 'allow'
  }

  close(): AccessRecord {
    this.#draft.durationMs = this.elapsedMs
    const limit = this.allowance?.refusal ?? null
    // In monitor mode: what a limit would have held back.
    if (limit !== null && this.#draft.outcome === 'allowed')
      this.set({ verdict: 'deny', verdictReason: reasonOfVerdict(limit.reason), explain: limit.explain })
    return this.#draft
  }
}

export function hostText(host: import('@sallyport/net').Host): string {
  return host.kind === 'name' ? host.name : formatAddress(host.address)
}
