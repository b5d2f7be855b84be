import { decided, type Outcome, type Stage, type Verdict } from '@sallyport/policy'

/** Verdicts are alike for every flow that ends alike, so each is made once. */
export class VerdictCache {
  readonly #byStage: Readonly<Record<Stage, Map<Outcome, Verdict>>> = {
    connect: new Map(),
    dns: new Map(),
    handshake: new Map(),
    request: new Map(),
    content: new Map(),
  }

  of(outcome: Outcome, stage: Stage): Verdict {
    const verdicts = this.#byStage[stage]
    const known = verdicts.get(outcome)
    if (known !== undefined) return known
    const verdict = decided(outcome, stage)
    verdicts.set(outcome, verdict)
    return verdict
  }
}
