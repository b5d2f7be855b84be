import { join } from 'node:path'
import { recordedLookUp } from '@sallyport/agent/recorded-look-up'
import { compilePolicy } from '@sallyport/compile'
import {
  answerSettings,
  compileApart,
  dnsSettings,
  dropWhatWasReplaced,
  judgeOptions,
  policyNameSets,
  returnLargeBlocks,
  type AnswerSettings,
  type ForwarderOptions,
  type NameQuery,
  type PolicyJudge,
  type QueryRecord,
} from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import { parseAddress } from '@sallyport/net'
import { asksForNewlySeen, definePolicy, policyForNames, type DnsSettings, type Policy } from '@sallyport/policy'
import { fetchMissingFeeds } from './feed-refresh.ts'
import { readPolicyInForce } from './policy-files.ts'
import { compileForQueries, QueryJudges, type QueryPolicies } from './query-judges.ts'
import { SeenDomainsFile } from './seen-domains-file.ts'
import { stateDirectory } from './state-directory.ts'
import { readWorld, readWorldApart } from './world.ts'

const NEWLY_SEEN_SECONDS = 7 * 86_400
/** By then the last batch of queries that was judged by the policy before is answered. */
const UNUSED_MS = 300

/** The policy for names that are usual, and, when it makes a difference, for those that are newly seen. */
type Policies = { readonly known: QueryPolicies; readonly fresh: QueryPolicies | null }

/** A policy in force: how it judges, and what it says about answers. */
type InForce = {
  readonly policies: Policies
  readonly settings: DnsSettings
  readonly answering: AnswerSettings
  readonly known: QueryJudges
  readonly fresh: QueryJudges | null
  readonly tellsClientsApart: boolean
}

/** The policy that the resolver asks, and what it takes to read it again. */
export class DnsPolicy implements AsyncDisposable {
  readonly #files: readonly string[]
  readonly #feeds: readonly string[]
  #inForce: InForce
  #seen: SeenDomainsFile | null = null

  private constructor(files: readonly string[], feeds: readonly string[], inForce: InForce) {
    this.#files = files
    this.#feeds = feeds
    this.#inForce = inForce
  }

  static async read(files: readonly string[], feeds: readonly string[]): Promise<DnsPolicy> {
    returnLargeBlocks()
    setTimeout(dropWhatWasReplaced, UNUSED_MS).unref()
    return new DnsPolicy(files, feeds, await readPolicies(files, feeds, false))
  }

  /** Once it is this process that answers: what was seen is this one's to keep. */
  async begin(): Promise<void> {
    await this.#openSeen(this.#inForce)
  }

  /** The policy in force. */
  get policy(): Policy {
    return this.#inForce.policies.known.compiled.policy
  }

  /** A look-up that was refused, would have been, or is one of a tunnel, as a flow. */
  recorded(record: QueryRecord): FlowRecord | null {
    const src = parseAddress(record.client.address)
    const facts = src === null ? {} : { src }
    const flow = recordedLookUp(record, this.#inForce.policies.known.compiled, facts)
    return flow && { ...flow, src: record.client.address }
  }

  /** What the policy says about the resolver. */
  get settings(): DnsSettings {
    return this.#inForce.settings
  }

  judgement(): Pick<
    ForwarderOptions,
    'judge' | 'judgeAlias' | 'judgeAnswer' | 'needsName' | 'settings' | 'refusal' | 'nameSets'
  > {
    const sets = policyNameSets(() => this.#inForce.policies.known.compiled, Date.now)
    // Names are refused alike only where it does not matter who asks, for what type, and when the name was seen first.
    const differ = (): boolean => {
      const { tellsClientsApart, policies } = this.#inForce
      return tellsClientsApart || policies.known.others !== null || policies.fresh !== null
    }
    return {
      judge: (query) => this.#judgeOf(query).judge(query),
      judgeAlias: (query, alias) => this.#judgeOf(query).judgeAlias(query, alias),
      judgeAnswer: (query, address) => this.#judgeOf(query).judgeAnswer(query, address),
      needsName: (query) => this.#judgeOf(query).needsName(query),
      settings: () => this.#inForce.answering,
      refusal: () => this.#inForce.settings.refusal ?? { kind: 'nxdomain' },
      nameSets: { ...sets, findWire: (bytes, start) => (differ() ? -1 : sets.findWire(bytes, start)) },
    }
  }

  /**
   * All or nothing: what cannot be read leaves the policy in force. `prepare` reads what else the policy asks for; what it
   * gives is called in the moment in which the policy comes into force.
   */
  async reload(prepare: (settings: DnsSettings) => Promise<() => void>): Promise<void> {
    const next = await readPolicies(this.#files, this.#feeds, true)
    const put = await prepare(next.settings)
    await this.#openSeen(next)
    this.#inForce = next
    put()
    setTimeout(dropWhatWasReplaced, UNUSED_MS).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#seen?.[Symbol.asyncDispose]()
  }

  #judgeOf(query: NameQuery): PolicyJudge {
    const { known, fresh, settings } = this.#inForce
    if (fresh === null || this.#seen === null) return known.of(query)
    return (this.#seen.isNew(query.name, newForMs(settings)) ? fresh : known).of(query)
  }

  async #openSeen({ fresh, settings }: InForce): Promise<void> {
    if (fresh === null || this.#seen !== null) return
    this.#seen = await SeenDomainsFile.open(join(stateDirectory(), 'dns', 'seen-domains'), newForMs(settings))
  }
}

function newForMs({ newlySeenSeconds = NEWLY_SEEN_SECONDS }: DnsSettings): number {
  return newlySeenSeconds * 1000
}

function tellsClientsApart({ layers }: Policy): boolean {
  const rules = layers.flatMap((layer) => layer.rules)
  return rules.some(({ from, exceptFrom }) => [...(from ?? []), ...exceptFrom].some((term) => term.network))
}

/** `apart`: by threads, for others are answered meanwhile. At a start nobody is, and a thread takes longer to begin. */
async function readPolicies(files: readonly string[], feeds: readonly string[], apart: boolean): Promise<InForce> {
  const policy = files.length > 0 ? await readPolicyInForce(files, feeds) : policyOfFeeds(feeds)
  await fetchMissingFeeds(feeds, policy)
  const world = await (apart ? readWorldApart : readWorld)(feeds, policy)
  const compile = apart ? compileApart : compilePolicy
  const asks = asksForNewlySeen(policy)
  const policies = {
    known: await compileForQueries(asks ? policyForNames(policy, 'known') : policy, world, compile),
    fresh: asks ? await compileForQueries(policyForNames(policy, 'new'), world, compile) : null,
  }
  const settings = dnsSettings(policy)
  const options = judgeOptions(settings)
  return {
    policies,
    settings,
    answering: answerSettings(settings),
    known: new QueryJudges(policies.known, options),
    fresh: policies.fresh === null ? null : new QueryJudges(policies.fresh, options),
    tellsClientsApart: tellsClientsApart(policy),
  }
}

/** Without a policy file all names are answered but those of the feeds. */
function policyOfFeeds(feeds: readonly string[]): Policy {
  const names = feeds.map((text) => text.slice(0, Math.max(0, text.indexOf('='))))
  const rules = names.map((name) => ({ id: `feed-${name}`, action: 'deny' as const, to: [{ feed: name }] }))
  return { layers: [definePolicy({ sallyport: 1, name: 'dns', default: 'allow', rules }, { file: '--feed' })] }
}
