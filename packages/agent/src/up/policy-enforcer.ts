import {
  asksForUnknown,
  runPolicyTests,
  SallyportError,
  type KnownNames,
  type Mode,
  type Policy,
  type World,
} from '@sallyport/policy'
import type { PolicyFile, PolicyVersion } from '@sallyport/store'
import { hostPolicy, WATCH_ONLY } from './host-policy.ts'

export type WantedPolicy = Pick<PolicyVersion, 'files' | 'mode'>

export type EnforcerOptions = {
  readonly worldFor: (policy: Policy) => Promise<World>
  /** The sets that a policy may speak of. */
  readonly namesFor: (policy: Policy) => Promise<KnownNames>
  /** Puts a policy in force as a whole, or throws and leaves the one before. */
  readonly enforce: (policy: Policy, world: World) => Promise<void>
  readonly nowMs: () => number
}

/** From the files of a policy to what is in force. */
export class PolicyEnforcer {
  readonly #options: EnforcerOptions
  #policy: Policy | null = null

  constructor(options: EnforcerOptions) {
    this.#options = options
  }

  /** The last one that was put in force; null before the first. */
  get policy(): Policy | null {
    return this.#policy
  }

  /** What somebody wants now: its names are known, and its own tests pass. */
  async enforceTested({ files, mode }: WantedPolicy): Promise<void> {
    const policy = await this.#known(files, mode)
    const world = await this.#options.worldFor(policy)
    requireTestsPass(hostPolicy(files, 'enforce'), world, this.#options.nowMs())
    await this.#put(policy, world)
  }

  /** What held before goes on as it was: a host that starts again would be left without any policy. */
  async enforce(held: WantedPolicy | null): Promise<void> {
    const policy = hostPolicy(held?.files ?? WATCH_ONLY, held?.mode ?? 'monitor')
    await this.#put(policy, await this.#options.worldFor(policy))
  }

  async #put(policy: Policy, world: World): Promise<void> {
    await this.#options.enforce(policy, world)
    this.#policy = policy
  }

  async #known(files: readonly PolicyFile[], mode: Mode): Promise<Policy> {
    const policy = hostPolicy(files, mode)
    const known = await this.#options.namesFor(policy)
    return asksForUnknown(policy, known) ? hostPolicy(files, mode, known) : policy
  }
}

function requireTestsPass(policy: Policy, world: World, nowMs: number): void {
  const failed = runPolicyTests(policy, world, nowMs).filter(({ passed }) => !passed)
  if (failed.length === 0) return
  const texts = failed.map(
    ({ test, verdict }) =>
      `${test.position.file}:${test.position.line}: expected ${test.expect}, but: ${verdict.explain}`,
  )
  throw new SallyportError('policy-invalid', `${failed.length} of the policy's own tests fail; nothing is applied`, {
    remedy: texts.join('\n'),
  })
}
