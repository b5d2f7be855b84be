import {
  answerSettings,
  dnsSettings,
  judgeOptions,
  policyNameSets,
  type AnswerSettings,
  type ForwarderOptions,
} from '@sallyport/dns'
import { definePolicy, type DnsSettings, type Policy } from '@sallyport/policy'
import { readEnforcedWorld } from './feed-refresh.ts'
import { readPolicy } from './policy-files.ts'
import { compileForQueries, QueryJudges, type QueryPolicies } from './query-judges.ts'

/** The policy that the resolver asks, and what it takes to read it again. */
export class DnsPolicy {
  readonly #files: readonly string[]
  readonly #feeds: readonly string[]
  readonly #judges: QueryJudges
  #policies: QueryPolicies
  #settings: DnsSettings
  #answering: AnswerSettings
  #tellsClientsApart: boolean

  private constructor(files: readonly string[], feeds: readonly string[], policies: QueryPolicies) {
    this.#files = files
    this.#feeds = feeds
    this.#settings = dnsSettings(policies.compiled.policy)
    this.#answering = answerSettings(this.#settings)
    this.#judges = new QueryJudges(policies, judgeOptions(this.#settings))
    this.#policies = policies
    this.#tellsClientsApart = tellsClientsApart(policies.compiled.policy)
  }

  static async read(files: readonly string[], feeds: readonly string[]): Promise<DnsPolicy> {
    return new DnsPolicy(files, feeds, await readPolicies(files, feeds))
  }

  /** The policy in force. */
  get policy(): Policy {
    return this.#policies.compiled.policy
  }

  /** What the policy says about the resolver. */
  get settings(): DnsSettings {
    return this.#settings
  }

  judgement(): Pick<
    ForwarderOptions,
    'judge' | 'judgeAlias' | 'judgeAnswer' | 'needsName' | 'settings' | 'refusal' | 'nameSets'
  > {
    const sets = policyNameSets(() => this.#policies.compiled, Date.now)
    const differ = (): boolean => this.#tellsClientsApart || this.#policies.others !== null
    return {
      judge: (query) => this.#judges.of(query).judge(query),
      judgeAlias: (query, alias) => this.#judges.of(query).judgeAlias(query, alias),
      judgeAnswer: (query, address) => this.#judges.of(query).judgeAnswer(query, address),
      needsName: (query) => this.#judges.of(query).needsName(query),
      settings: () => this.#answering,
      refusal: () => this.#settings.refusal ?? { kind: 'nxdomain' },
      // Names are refused alike only where it does not matter who asks, and for what type.
      nameSets: { ...sets, findWire: (bytes, start) => (differ() ? -1 : sets.findWire(bytes, start)) },
    }
  }

  /** All or nothing: what cannot be read leaves the policy in force. The text says what is in force now. */
  async reload(): Promise<string> {
    const policies = await readPolicies(this.#files, this.#feeds)
    const settings = dnsSettings(policies.compiled.policy)
    this.#answering = answerSettings(settings)
    this.#settings = settings
    this.#policies = policies
    this.#tellsClientsApart = tellsClientsApart(policies.compiled.policy)
    this.#judges.replace(policies, judgeOptions(settings))
    return 'sallyport: policy and feeds are read again'
  }
}

function tellsClientsApart({ layers }: Policy): boolean {
  const rules = layers.flatMap((layer) => layer.rules)
  return rules.some(({ from, exceptFrom }) => [...(from ?? []), ...exceptFrom].some((term) => term.network))
}

async function readPolicies(files: readonly string[], feeds: readonly string[]): Promise<QueryPolicies> {
  const policy = files.length > 0 ? await readPolicy(files) : policyOfFeeds(feeds)
  return compileForQueries(policy, await readEnforcedWorld(feeds, policy))
}

/** Without a policy file all names are answered but those of the feeds. */
function policyOfFeeds(feeds: readonly string[]): Policy {
  const names = feeds.map((text) => text.slice(0, Math.max(0, text.indexOf('='))))
  const rules = names.map((name) => ({ id: `feed-${name}`, action: 'deny' as const, to: [{ feed: name }] }))
  return { layers: [definePolicy({ sallyport: 1, name: 'dns', default: 'allow', rules }, { file: '--feed' })] }
}
