import { inForce, type Flow, type Policy, type Rule, type Stage, type Verdict, type World } from '@sallyport/policy'
import { CompiledRules } from './compiled-rules.ts'
import { nameListsOf, rulesInForce, type RulesInForce } from './rules-in-force.ts'
import { buildNameTable, type NameList, type NameTable } from './tables/name-table.ts'
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

type FirstRules = { readonly rules: RulesInForce; readonly names: NameTable }

/** A policy with its tables and diagram; one set of them for each set of rules in force at the times asked for. */
export class CompiledPolicy {
  readonly policy: Policy
  readonly world: World
  readonly atMs: number
  readonly #seed: HashSeed
  readonly #implicit: 'usual' | 'rules'
  readonly #timed: readonly Rule[]
  /** The only rules of a policy without schedules. */
  #untimed: CompiledRules | undefined
  readonly #byRulesInForce = new Map<string, CompiledRules>()

  constructor(policy: Policy, world: World, options: CompileOptions, first?: FirstRules) {
    this.policy = policy
    this.world = world
    this.atMs = options.atMs
    this.#seed = options.seed ?? NO_SEED
    this.#implicit = options.implicit ?? 'usual'
    this.#timed = policy.layers
      .flatMap(({ rules }) => rules)
      .filter((rule) => rule.when !== null || rule.untilMs !== null)
    const { rules, names } = first ?? this.#tabled(options.atMs)
    this.#keep(this.#keyAt(options.atMs), new CompiledRules(policy, world, rules, names, this.#implicit))
  }

  /** Equal to `decide()` of the policy package. */
  decide(flow: Flow, lastStage: Stage = 'content'): Verdict {
    return this.at(flow.time ?? this.atMs).decide(flow, lastStage)
  }

  at(timeMs: number): CompiledRules {
    if (this.#timed.length === 0 && this.#untimed !== undefined) return this.#untimed
    const key = this.#keyAt(timeMs)
    const known = this.#byRulesInForce.get(key)
    if (known) return known
    const { rules, names } = this.#tabled(timeMs)
    return this.#keep(key, new CompiledRules(this.policy, this.world, rules, names, this.#implicit))
  }

  #keyAt(timeMs: number): string {
    return this.#timed.map((rule) => (inForce(rule, timeMs) ? '1' : '0')).join('')
  }

  #tabled(timeMs: number): FirstRules {
    const rules = rulesInForce(this.policy, this.world, timeMs)
    return { rules, names: buildNameTable(nameListsOf(rules.conditions), this.#seed) }
  }

  #keep(key: string, compiled: CompiledRules): CompiledRules {
    this.#byRulesInForce.set(key, compiled)
    if (this.#timed.length === 0) this.#untimed = compiled
    return compiled
  }
}

export function compilePolicy(policy: Policy, world: World, options: CompileOptions): CompiledPolicy {
  return new CompiledPolicy(policy, world, options)
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
  const rules = rulesInForce(policy, world, options.atMs)
  const names = await buildNames(nameListsOf(rules.conditions), options.seed ?? NO_SEED)
  return new CompiledPolicy(policy, world, options, { rules, names })
}
