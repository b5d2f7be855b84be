import {
  asksForUnknown,
  runPolicyTests,
  SallyportError,
  type KnownNames,
  type Mode,
  type Policy,
  type World,
} from '@sallyport/policy'
import type { PolicyFile, PolicyInForceState, PolicyVersion, StateStore } from '@sallyport/store'
import { requireNoLimits } from '../host/require-no-limits.ts'
import { hostPolicy, WATCH_ONLY } from './host-policy.ts'

/** What a host can be told about its policy. */
export type PolicyChange = {
  readonly files: readonly PolicyFile[]
  /** Null: as it is now. */
  readonly mode: Mode | null
  readonly author: string
  readonly reason: string
  /** Without a confirmation in this time the policy before comes back. Null: it stays. */
  readonly confirmSeconds: number | null
}

export type HostPolicyStatus = PolicyInForceState & {
  readonly mode: Mode
  readonly layers: readonly string[]
  readonly author: string | null
  readonly reason: string | null
  readonly createdMs: number | null
}

export type HostControlOptions = {
  readonly state: StateStore
  readonly worldFor: (policy: Policy) => Promise<World>
  /** The sets that a policy may speak of. */
  readonly namesFor: (policy: Policy) => Promise<KnownNames>
  /** Puts a policy in force as a whole, or throws and leaves the one before. */
  readonly enforce: (policy: Policy, world: World) => Promise<void>
  readonly nowMs: () => number
  /** Milliseconds that nobody can set. */
  readonly monotonicMs: () => number
  readonly onNotice: (text: string) => void
}

type Wanted = { readonly files: readonly PolicyFile[]; readonly mode: Mode }

/**
 * Changes of a host's policy, one after the other. The kernel has a policy before the state store says so: a crash between
 * the two leaves the earlier policy, and nobody was told that the new one holds.
 */
export class HostControl {
  readonly #options: HostControlOptions
  #turn: Promise<unknown> = Promise.resolve()
  #policy: Policy | null = null
  /** When the trial ends that began in this process, whatever becomes of the clock; null: none did. */
  #trialEndsMs: number | null = null

  constructor(options: HostControlOptions) {
    this.#options = options
  }

  status(): HostPolicyStatus {
    const { policies } = this.#options.state
    const inForce = policies.inForce()
    const version = inForce.version === null ? null : policies.get(inForce.version)
    return {
      ...inForce,
      mode: version?.mode ?? 'monitor',
      layers: this.#policy?.layers.map(({ name }) => name) ?? [],
      author: version?.author ?? null,
      reason: version?.reason ?? null,
      createdMs: version?.createdMs ?? null,
    }
  }

  versions(): readonly Omit<PolicyVersion, 'files'>[] {
    return this.#options.state.policies.list()
  }

  /** What the state store holds, after a start. A trial that ended meanwhile is over. */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      this.#options.state.policies.expireTrial(this.#options.nowMs())
      await this.#enforce(this.#stored(this.#options.state.policies.inForce().version))
    })
  }

  apply({ files, mode, author, reason, confirmSeconds }: PolicyChange): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const wanted = { files, mode: mode ?? this.status().mode }
      await this.#enforce(wanted, true)
      const createdMs = this.#options.nowMs()
      const confirmByMs = confirmSeconds === null ? null : createdMs + confirmSeconds * 1000
      this.#trialEndsMs = confirmSeconds === null ? null : this.#options.monotonicMs() + confirmSeconds * 1000
      const { version } = this.#options.state.policies.apply({ ...wanted, author, reason, createdMs, confirmByMs })
      this.#record(author, confirmSeconds === null ? 'apply' : 'apply on trial', `version ${version}, ${wanted.mode}`)
      return this.status()
    })
  }

  /** Throws `usage` when no policy is on trial. */
  confirm(author: string): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const { confirmByMs } = this.#options.state.policies.inForce()
      if (
        confirmByMs === null ||
        this.#isOver(confirmByMs) ||
        !this.#options.state.policies.confirm(this.#options.nowMs())
      )
        throw new SallyportError('usage', 'no policy waits for a confirmation', {
          remedy: '`sallyport status` says what holds.',
        })
      this.#record(author, 'confirm', `version ${this.status().version}`)
      return this.status()
    })
  }

  rollback(author: string, to: number | null): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const { policies } = this.#options.state
      const target = policies.rollbackTarget(to)
      await this.#enforce(this.#stored(target))
      policies.setRolledBack(target)
      this.#record(author, 'rollback', target === null ? 'no policy' : `version ${target}`)
      return this.status()
    })
  }

  /** The policy in force, with the lists, ranges and services as they are known now. Throws and leaves what was. */
  readWorldAgain(because: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#enforce(this.#stored(this.#options.state.policies.inForce().version))
      this.#record('sallyport', 'feeds', because)
    })
  }

  /** Of the last change that went through; null before the first. */
  get policy(): Policy | null {
    return this.#policy
  }

  /** Ends a trial whose time has passed. To be called often. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const { policies } = this.#options.state
      const { confirmed, confirmByMs, version } = policies.inForce()
      if (confirmByMs === null || !this.#isOver(confirmByMs)) return
      await this.#enforce(this.#stored(confirmed))
      policies.setRolledBack(confirmed)
      this.#record('sallyport', 'rollback', `version ${version} was not confirmed`)
      this.#options.onNotice(`policy version ${version} was not confirmed in time; the one before holds again`)
    })
  }

  /** A clock that is set back does not make a trial longer. */
  #isOver(confirmByMs: number): boolean {
    const { nowMs, monotonicMs } = this.#options
    return confirmByMs <= nowMs() || (this.#trialEndsMs !== null && this.#trialEndsMs <= monotonicMs())
  }

  #stored(version: number | null): Wanted {
    const held = version === null ? null : this.#options.state.policies.get(version)
    return held ?? { files: WATCH_ONLY, mode: 'monitor' }
  }

  async #enforce({ files, mode }: Wanted, tested = false): Promise<void> {
    // What is stored goes on as it was: a host that starts again would be left without any policy.
    const policy = tested ? await this.#known(files, mode) : hostPolicy(files, mode)
    if (tested) requireNoLimits(policy)
    const world = await this.#options.worldFor(policy)
    if (tested) requireTestsPass(hostPolicy(files, 'enforce'), world, this.#options.nowMs())
    await this.#options.enforce(policy, world)
    this.#policy = policy
  }

  async #known(files: readonly PolicyFile[], mode: Mode): Promise<Policy> {
    const policy = hostPolicy(files, mode)
    const known = await this.#options.namesFor(policy)
    return asksForUnknown(policy, known) ? hostPolicy(files, mode, known) : policy
  }

  #record(actor: string, action: string, target: string): void {
    this.#options.state.audit.add({ timeMs: this.#options.nowMs(), actor, action, target })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
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
