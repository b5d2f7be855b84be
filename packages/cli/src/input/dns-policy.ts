import { compilePolicy, type CompiledPolicy } from '@sallyport/compile'
import {
  policyNameSets,
  PolicyJudge,
  type AnswerSettings,
  type ForwarderOptions,
  type JudgeOptions,
} from '@sallyport/dns'
import { matchDomain } from '@sallyport/net'
import { definePolicy, type DnsSettings, type Policy } from '@sallyport/policy'
import { answerSettings, dnsSettings } from './dns-settings.ts'
import { readEnforcedWorld } from './feed-refresh.ts'
import { readPolicy } from './policy-files.ts'

/** The policy that the resolver asks, and what it takes to read it again. */
export class DnsPolicy {
  readonly #files: readonly string[]
  readonly #feeds: readonly string[]
  readonly #judge: PolicyJudge
  #compiled: CompiledPolicy
  #settings: DnsSettings
  #answering: AnswerSettings
  #tellsClientsApart: boolean

  private constructor(files: readonly string[], feeds: readonly string[], compiled: CompiledPolicy) {
    this.#files = files
    this.#feeds = feeds
    this.#settings = dnsSettings(compiled.policy)
    this.#answering = answerSettings(this.#settings)
    this.#judge = new PolicyJudge(compiled, judgeOptions(this.#settings))
    this.#compiled = compiled
    this.#tellsClientsApart = tellsClientsApart(compiled.policy)
  }

  static async read(files: readonly string[], feeds: readonly string[]): Promise<DnsPolicy> {
    return new DnsPolicy(files, feeds, await compiledPolicy(files, feeds))
  }

  /** The policy in force. */
  get policy(): Policy {
    return this.#compiled.policy
  }

  /** What the policy says about the resolver. */
  get settings(): DnsSettings {
    return this.#settings
  }

  judgement(): Pick<
    ForwarderOptions,
    'judge' | 'judgeAlias' | 'judgeAnswer' | 'needsName' | 'settings' | 'refusal' | 'nameSets'
  > {
    const sets = policyNameSets(() => this.#compiled, Date.now)
    return {
      judge: (query) => this.#judge.judge(query),
      judgeAlias: (query, alias) => this.#judge.judgeAlias(query, alias),
      judgeAnswer: (query, address) => this.#judge.judgeAnswer(query, address),
      needsName: (query) => this.#judge.needsName(query),
      settings: () => this.#answering,
      refusal: () => this.#settings.refusal ?? { kind: 'nxdomain' },
      // Names are refused alike only where it does not matter who asks.
      nameSets: { ...sets, findWire: (bytes, start) => (this.#tellsClientsApart ? -1 : sets.findWire(bytes, start)) },
    }
  }

  /** All or nothing: what cannot be read leaves the policy in force. The text says what is in force now. */
  async reload(): Promise<string> {
    const compiled = await compiledPolicy(this.#files, this.#feeds)
    const settings = dnsSettings(compiled.policy)
    this.#answering = answerSettings(settings)
    this.#settings = settings
    this.#compiled = compiled
    this.#tellsClientsApart = tellsClientsApart(compiled.policy)
    this.#judge.replace(compiled, judgeOptions(settings))
    return 'sallyport: policy and feeds are read again'
  }
}

function judgeOptions({ privateNames = [] }: DnsSettings): JudgeOptions {
  return { mayBePrivate: (name) => privateNames.some((pattern) => matchDomain(pattern, name)) }
}

function tellsClientsApart({ layers }: Policy): boolean {
  const rules = layers.flatMap((layer) => layer.rules)
  return rules.some(({ from, exceptFrom }) => [...(from ?? []), ...exceptFrom].some((term) => term.network))
}

async function compiledPolicy(files: readonly string[], feeds: readonly string[]): Promise<CompiledPolicy> {
  const policy = files.length > 0 ? await readPolicy(files) : policyOfFeeds(feeds)
  return compilePolicy(policy, await readEnforcedWorld(feeds, policy), { atMs: Date.now() })
}

/** Without a policy file all names are answered but those of the feeds. */
function policyOfFeeds(feeds: readonly string[]): Policy {
  const names = feeds.map((text) => text.slice(0, Math.max(0, text.indexOf('='))))
  const rules = names.map((name) => ({ id: `feed-${name}`, action: 'deny' as const, to: [{ feed: name }] }))
  return { layers: [definePolicy({ sallyport: 1, name: 'dns', default: 'allow', rules }, { file: '--feed' })] }
}
