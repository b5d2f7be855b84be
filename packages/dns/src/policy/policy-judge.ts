import type { CompiledPolicy } from '@sallyport/compile'
import { parseAddress, type Address, type DomainName } from '@sallyport/net'
import type { Flow, Verdict } from '@sallyport/policy'
import type { Endpoint, NameQuery, NameVerdict } from '../options.ts'
import { judgeName, judgePrivateAddress, LAST_POINT } from './judge-name.ts'

export type JudgeOptions = {
  /** What is known of who asks, beside the address; facts not given stay unknown. */
  readonly subjectOf?: (client: Endpoint) => Flow
  /** Names whose answers may be private addresses, beside local ones. */
  readonly mayBePrivate?: (name: DomainName) => boolean
  /**
   * Whether the answer decides for good, for what the connection says is not looked at; who asks is then known to the point that
   * judges the connection.
   */
  readonly isLastPoint?: boolean
}

const ALLOWED: NameVerdict = { verdict: 'allow', rule: null, explain: '' }

/** The policy as the resolver asks it. */
export class PolicyJudge {
  readonly #policy: CompiledPolicy
  readonly #options: JudgeOptions

  constructor(policy: CompiledPolicy, options: JudgeOptions = {}) {
    this.#policy = policy
    this.#options = options
  }

  /** An honest connection would say this name; what it speaks is for a later point. */
  judge(query: NameQuery): NameVerdict {
    return effective(judgeName(this.#policy, query.name, this.#flow(query, query.name)))
  }

  /** Aliases need no rule of their own, but one that denies them counts: a feed must not be passed by a CNAME. */
  judgeAlias(query: NameQuery, alias: DomainName): NameVerdict {
    const verdict = judgeName(this.#policy, alias, this.#flow(query, alias))
    return verdict.verdict === 'deny' && verdict.rule === null ? ALLOWED : effective(verdict)
  }

  /** Whether what the connection says will decide: then it has to say the name where it can be seen. */
  needsName(query: NameQuery): boolean {
    return judgeName(this.#policy, query.name, this.#subject(query)).verdict === 'undetermined'
  }

  judgeAnswer(query: NameQuery, address: Address): NameVerdict {
    const flow = { ...this.#flow(query, query.name), dst: address }
    const whole = effective(judgeName(this.#policy, query.name, flow))
    if (whole.verdict === 'deny' || this.#options.mayBePrivate?.(query.name) === true) return whole
    return judgePrivateAddress(this.#policy, query.name, address, this.#facts(query)) ?? whole
  }

  #flow(query: NameQuery, name: DomainName): Flow {
    return this.#options.isLastPoint === true ? this.#facts(query) : { ...this.#facts(query), domain: name }
  }

  #facts(query: NameQuery): Flow {
    return this.#options.isLastPoint === true ? { ...LAST_POINT, ...this.#subject(query) } : this.#subject(query)
  }

  #subject({ client, subject: found }: NameQuery): Flow {
    const subject = { ...this.#options.subjectOf?.(client), ...found }
    if (this.#options.isLastPoint === true) return subject
    const src = parseAddress(client.address)
    return src === null ? subject : { src, ...subject }
  }
}

function effective({ verdict, rule, explain, mode }: Verdict): NameVerdict {
  return { verdict: verdict === 'deny' && mode === 'monitor' ? 'allow' : verdict, rule, explain }
}
