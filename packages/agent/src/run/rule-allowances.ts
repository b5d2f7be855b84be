import { LIMITS, type Allowances, type LimitName, type RuleLimit } from '@sallyport/kernel'
import { Budget } from '@sallyport/policy'

/** What rules with a limit have let through in a run, counted as bpf/limit.h does. */
export class RuleAllowances implements Allowances {
  readonly #budgets: ReadonlyMap<number, ReadonlyMap<LimitName, Budget>>
  readonly #nowMs: () => number

  constructor(limits: readonly RuleLimit[], nowMs: () => number) {
    this.#nowMs = nowMs
    this.#budgets = new Map(
      limits.map((limit) => [
        limit.rule,
        new Map(
          LIMITS.flatMap((name) => {
            const { amount, perSeconds } = limit[name] ?? {}
            return amount === undefined || perSeconds === undefined
              ? []
              : [[name, new Budget(amount, perSeconds)] as const]
          }),
        ),
      ]),
    )
  }

  begin(rule: number): LimitName | null {
    const costs = { bytesOut: 0, bytesIn: 0, connections: 1 } as const
    return LIMITS.find((name) => !this.#spend(rule, name, costs[name])) ?? null
  }

  spend(rule: number, which: 'bytesIn' | 'bytesOut', octets: number): LimitName | null {
    return this.#spend(rule, which, octets) ? null : which
  }

  #spend(rule: number, which: LimitName, cost: number): boolean {
    return this.#budgets.get(rule)?.get(which)?.spend(cost, this.#nowMs()) ?? true
  }
}
