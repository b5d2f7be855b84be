import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { formatAddress, type Host } from '@sallyport/net'
import type { FlowAllowance } from '../allowance/flow-allowance.ts'
import { ANSWERS, reasonOfVerdict, type Refusal } from '../answers.ts'
import type { Finding } from '../content/findings.ts'
import type { Judged } from '../decide/proxy-judge.ts'
import type { Identity } from '../identity/identity.ts'
import type { Endpoint } from '../options.ts'
import type { AccessRecord } from './access-record.ts'

const NEVER = new Date(0)

type Draft = { -readonly [Key in keyof AccessRecord]: AccessRecord[Key] }

/** 64 bits that nobody can guess; Node makes UUIDs from octets that it draws in advance. */
function referenceId(): string {
  const uuid = randomUUID()
  return `${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(24, 28)}`
}

/** A record while its request runs. */
export class OpenRecord {
  readonly #startMs: number = performance.now()
  readonly #timeMs: number = Date.now()
  /** As far as they are known; set one by one where there are many requests, without objects to copy from. */
  readonly facts: Draft
  /** What the flow may move, where its rule has a limit. */
  allowance: FlowAllowance | null = null

  constructor(client: Endpoint, via: AccessRecord['via']) {
    this.facts = {
      time: NEVER,
      id: '',
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
      parent: null,
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

  /** Drawn when somebody is to see it. */
  get id(): string {
    if (this.facts.id === '') this.facts.id = referenceId()
    return this.facts.id
  }

  get user(): string | null {
    return this.facts.user
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs
  }

  set(facts: Partial<AccessRecord>): void {
    Object.assign(this.facts, facts)
  }

  asker({ user, groups, process }: Identity): void {
    const { facts } = this
    facts.user = user ?? process?.user ?? null
    facts.groups = user === null ? (process?.groups ?? groups) : groups
    facts.app = process?.app ?? null
    facts.unit = process?.unit ?? null
  }

  judged(judged: Judged): void {
    const { facts } = this
    const given = judged.verdict
    if (given === null) return
    facts.verdict = given.verdict
    facts.mode = given.mode
    facts.rule = given.rule
    facts.layer = given.layer
    facts.stage = given.stage
    facts.verdictReason = given.reason
    facts.explain = given.explain
  }

  refused(refusal: Refusal): void {
    const { reason, explain } = refusal
    const isDenial = ANSWERS[reason].proxyStatus === 'http_request_denied'
    const byRule = refusal.rule === null ? {} : { rule: refusal.rule, layer: refusal.layer }
    this.set({ outcome: isDenial ? 'denied' : 'failed', reason, explain, ...byRule })
  }

  contentIs(findings: readonly Finding[]): void {
    this.set({ findings, content: findings.map(({ detector }) => detector) })
  }

  addOctets(out: number, into: number): void {
    this.facts.bytesOut += out
    this.facts.bytesIn += into
  }

  get isMonitored(): boolean {
    return this.facts.outcome === 'allowed' && this.facts.verdict !== null && this.facts.verdict !== 'allow'
  }

  /** `isKept`: somebody is to see it. */
  close(isKept: boolean): AccessRecord {
    if (isKept) {
      void this.id
      this.facts.time = new Date(this.#timeMs)
    }
    this.facts.durationMs = this.elapsedMs
    const limit = this.allowance?.refusal ?? null
    // In monitor mode: what a limit would have held back.
    if (limit !== null && this.facts.outcome === 'allowed')
      this.set({ verdict: 'deny', verdictReason: reasonOfVerdict(limit.reason), explain: limit.explain })
    return this.facts
  }
}

export function hostText(host: Host): string {
  return host.kind === 'name' ? host.name : formatAddress(host.address)
}
