import { inForce, type Flow, type Policy, type Rule, type Stage, type Verdict, type World } from '@sallyport/policy'
import { CompiledRules } from './compiled-rules.ts'
import { factsAsked, type Fact } from './facts-asked.ts'
import { everyRule, nameAtomsOf, rulesInForce, type RulesInForce } from './rules-in-force.ts'
import { buildNameTable, type KeyedNames, type NameList, type NameTable } from './tables/name-table.ts'
import type { HashSeed } from './tables/suffix-hash.ts'

export type CompileOptions = {
  /** "Now", milliseconds since 1970: what a flow without a time is judged at. */
  readonly atMs: number
  /** Random, where others choose the names that are looked up; without one, tables are the same every time. */
  readonly seed?: HashSeed
  /** `rules`: what else passes without a rule, loopback above all, needs one. For a proxy, whose loopback is not its clients'. */
  readonly implicit?: 'usual' | 'rules'
}

const NO_SEED: HashSeed = [0, 0]

/** A policy with its tables and diagram; one set of them for each set of rules in force at the times asked for. */
export class CompiledPolicy {
  readonly policy: Policy
  readonly world: World
  readonly atMs: number
  readonly factsAsked: ReadonlySet<Fact>
  /** Of all rules, in force or not: a list of a million names is not read again when an hour begins. */
  readonly #names: KeyedNames
  readonly #implicit: 'usual' | 'rules'
  readonly #timed: readonly Rule[]
  /** The only rules of a policy without schedules. */
  readonly #untimed: CompiledRules | null
  readonly #byRulesInForce = new Map<string, CompiledRules>()

  constructor(policy: Policy, world: World, options: CompileOptions, every: RulesInForce, names: KeyedNames) {
    this.policy = policy
    this.world = world
    this.atMs = options.atMs
    this.factsAsked = factsAsked(every.conditions)
    this.#names = names
    this.#implicit = options.implicit ?? 'usual'
    this.#timed = policy.layers
      .flatMap(({ rules }) => rules)
      .filter((rule) => rule.when !== null || rule.untilMs !== null)
    this.#untimed = this.#timed.length === 0 ? this.#compiled(every) : null
    this.at(options.atMs)
  }

  /** Whether verdicts depend on the time. */
  get isTimed(): boolean {
    return this.#timed.length > 0
  }

  /** Equal to `decide()` of the policy package. */
  decide(flow: Flow, lastStage: Stage = 'content'): Verdict {
    return this.at(flow.time ?? this.atMs).decide(flow, lastStage)
  }

  at(timeMs: number): CompiledRules {
    if (this.#untimed !== null) return this.#untimed
    const key = this.#keyAt(timeMs)
    const known = this.#byRulesInForce.get(key)
    if (known) return known
    const compiled = this.#compiled(rulesInForce(this.policy, this.world, timeMs))
    this.#byRulesInForce.set(key, compiled)
    return compiled
  }

  #compiled(rules: RulesInForce): CompiledRules {
    return new CompiledRules(this.policy, this.world, rules, this.#names, this.#implicit)
  }

  #keyAt(timeMs: number): string {
    return this.#timed.map((rule) => (inForce(rule, timeMs) ? '1' : '0')).join('')
  }
}

export function compilePolicy(policy: Policy, world: World, options: CompileOptions): CompiledPolicy {
  const every = everyRule(policy, world)
  const { lists, keys } = nameAtomsOf(every.conditions)
  const table = buildNameTable(lists, options.seed ?? NO_SEED)
  return new CompiledPolicy(policy, world, options, every, { table, keys })
}

/** Builds the table of these lists, elsewhere for who has others to answer. */
export type BuildNames = (lists: readonly NameList[], seed: HashSeed) => Promise<NameTable>

/** The same, with a table of names that is built in another way. */
export async function compilePolicyWith(
  policy: Policy,
  world: World,
  options: CompileOptions,
  buildNames: BuildNames,
): Promise<CompiledPolicy> {
  const every = everyRule(policy, world)
  const { lists, keys } = nameAtomsOf(every.conditions)
  const table = await buildNames(lists, options.seed ?? NO_SEED)
  return new CompiledPolicy(policy, world, options, every, { table, keys })
}
