import { decided, STAGES, type Outcome, type Stage, type Verdict } from '@sallyport/policy'

/** Verdicts are alike for every flow that ends alike, so each is made once. */
export class VerdictCache {
  /** By rank, which stands for one outcome of the policy. */
  readonly #byStage: ReadonlyMap<Stage, (Verdict | null)[]>

  /** `ranks`: how many outcomes the policy has. */
  constructor(ranks: number) {
    this.#byStage = new Map(STAGES.map((stage) => [stage, Array.from({ length: ranks }, () => null)]))
  }

  of(outcome: Outcome, stage: Stage): Verdict {
    const verdicts = this.#byStage.get(stage)!
    return (verdicts[outcome.rank] ??= decided(outcome, stage))
  }
}
