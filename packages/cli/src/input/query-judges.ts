import type { CompiledPolicy, compilePolicy } from '@sallyport/compile'
import { PolicyJudge, type compileApart, type JudgeOptions, type NameQuery } from '@sallyport/dns'
import type { Policy, World } from '@sallyport/policy'
import { typeNumber } from '@sallyport/wire'
import { randomSeed } from './random-seed.ts'

/** A policy compiled, and once more for each type of query for which its feeds hold other names: rarely any. */
export type QueryPolicies = {
  readonly compiled: CompiledPolicy
  readonly byType: ReadonlyMap<number, CompiledPolicy>
  /** For the types that none of the feeds names. */
  readonly others: CompiledPolicy | null
}

export async function compileForQueries(
  policy: Policy,
  world: World,
  compileWith: typeof compilePolicy | typeof compileApart,
): Promise<QueryPolicies> {
  const options = { atMs: Date.now(), seed: randomSeed() }
  const compile = async (each: World): Promise<CompiledPolicy> => compileWith(policy, each, options)
  const byType = new Map<number, CompiledPolicy>()
  let others: CompiledPolicy | null = null
  for (const type of world.queryTypes ?? []) {
    const compiled = await compile(world.forQueryType!(type))
    const number = typeNumber(type)
    if (number !== null) byType.set(number, compiled)
    if (type === '*') others = compiled
  }
  return { compiled: await compile(world), byType, others }
}

/** The judge of a query is that of its type. */
export class QueryJudges {
  readonly #judge: PolicyJudge
  readonly #byType: ReadonlyMap<number, PolicyJudge>
  readonly #others: PolicyJudge | null

  constructor({ compiled, byType, others }: QueryPolicies, options: JudgeOptions) {
    this.#judge = new PolicyJudge(compiled, options)
    this.#byType = new Map([...byType].map(([type, each]) => [type, new PolicyJudge(each, options)]))
    this.#others = others === null ? null : new PolicyJudge(others, options)
  }

  of({ type }: NameQuery): PolicyJudge {
    return this.#byType.get(type) ?? this.#others ?? this.#judge
  }
}
