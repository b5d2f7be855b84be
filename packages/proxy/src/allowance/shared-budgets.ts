import { Budget } from '@sallyport/policy'

export const LIMIT_COUNTERS = ['bytesOut', 'bytesIn', 'connections'] as const
export type LimitCounter = (typeof LIMIT_COUNTERS)[number]

/** What a flow wants of one limit of its rule. */
export type Spending = {
  /** The rule by its layer and id. */
  readonly owner: string
  readonly counter: LimitCounter
  readonly amount: number
  readonly perSeconds: number | null
  /** 0: whether anything is left. */
  readonly cost: number
}

/** Whether it fits, and is used then. Where workers share budgets the answer comes from another process. */
export type Spend = (spending: Spending) => boolean | Promise<boolean>

const MOST_BUDGETS = 10_000

/** Budgets of the limits of rules. A rule that stays in the next policy as it is goes on with what it has used. */
export class SharedBudgets {
  readonly #budgets = new Map<string, Budget>()

  spend({ owner, counter, amount, perSeconds, cost }: Spending, nowMs: number): boolean {
    const key = JSON.stringify([owner, counter, amount, perSeconds])
    const budget = this.#budgets.get(key) ?? new Budget(amount, perSeconds)
    // What nobody asks for any more is the first to go.
    this.#budgets.delete(key)
    this.#budgets.set(key, budget)
    if (this.#budgets.size > MOST_BUDGETS) this.#budgets.delete(this.#budgets.keys().next().value!)
    return budget.spend(cost, nowMs)
  }
}
