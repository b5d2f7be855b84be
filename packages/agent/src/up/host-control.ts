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
import { HeldPolicies, type Held } from './held-policies.ts'
import { hostPolicy, WATCH_ONLY } from './host-policy.ts'
import type { PolicyCopy } from './policy-copy.ts'

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
  /** Why the state store does not know this yet; null: it does. */
  readonly stateProblem: string | null
}

type HostControlOptions = {
  readonly state: StateStore
  /** Null: the state store is on this host. */
  readonly copy: PolicyCopy | null
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

type Wanted = Pick<PolicyVersion, 'files' | 'mode'>

/**
 * Changes of a host's policy, one after the other. The kernel has a policy before the state store says so: a crash between
 * the two leaves the earlier policy, and nobody was told that the new one holds.
 */
export class HostControl {
  readonly #options: HostControlOptions
  readonly #policies: HeldPolicies
  #turn: Promise<unknown> = Promise.resolve()
  #policy: Policy | null = null
  /** When the trial ends that began in this process, whatever becomes of the clock; null: none did. */
  #trialEndsMs: number | null = null

  constructor(options: HostControlOptions) {
    this.#options = options
    this.#policies = new HeldPolicies({ store: options.state, copy: options.copy, onNotice: options.onNotice })
  }

  status(): HostPolicyStatus {
    const { current, confirmed, confirmByMs } = this.#policies.held
    return {
      version: current?.version ?? null,
      confirmed: confirmed?.version ?? null,
      confirmByMs,
      mode: current?.mode ?? 'monitor',
      layers: this.#policy?.layers.map(({ name }) => name) ?? [],
      author: current?.author ?? null,
      reason: current?.reason ?? null,
      createdMs: current?.createdMs ?? null,
      stateProblem: this.#policies.problem,
    }
  }

  versions(): Promise<readonly Omit<PolicyVersion, 'files'>[]> {
    return this.#options.state.policies.list()
  }

  /** What held before the start; nothing is put in force yet. `unknown` is for where neither store nor copy can say. */
  recall(unknown: Held | null): Promise<Held> {
    return this.#inTurn(() => this.#policies.recall(this.#options.nowMs(), unknown))
  }

  /** Puts in force what held before the start. */
  resume(): Promise<void> {
    return this.#inTurn(async () => this.#enforce((await this.#policies.recall(this.#options.nowMs(), null)).current))
  }

  apply({ files, mode, author, reason, confirmSeconds }: PolicyChange): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const wanted = { files, mode: mode ?? this.status().mode }
      await this.#enforce(wanted, true)
      const createdMs = this.#options.nowMs()
      const confirmByMs = confirmSeconds === null ? null : createdMs + Math.round(confirmSeconds * 1000)
      await this.#orBack(() => this.#policies.apply({ ...wanted, author, reason, createdMs, confirmByMs }))
      this.#trialEndsMs = confirmSeconds === null ? null : this.#options.monotonicMs() + confirmSeconds * 1000
      const { version } = this.status()
      await this.record(
        author,
        confirmSeconds === null ? 'apply' : 'apply on trial',
        `version ${version}, ${wanted.mode}`,
      )
      return this.status()
    })
  }

  /** Throws `usage` when no policy is on trial. */
  confirm(author: string): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const { confirmByMs } = this.#policies.held
      const isOpen = confirmByMs !== null && !this.#isOver(confirmByMs)
      if (!isOpen || !(await this.#policies.confirm(this.#options.nowMs())))
        throw new SallyportError('usage', 'no policy waits for a confirmation', {
          remedy: '`sallyport status` says what holds.',
        })
      await this.record(author, 'confirm', `version ${this.status().version}`)
      return this.status()
    })
  }

  rollback(author: string, to: number | null): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const target = await this.#policies.rollbackTarget(to)
      await this.#enforce(target)
      await this.#orBack(() => this.#policies.goBackTo(target))
      await this.record(author, 'rollback', target === null ? 'no policy' : `version ${target.version}`)
      return this.status()
    })
  }

  /** The policy in force, with the lists, ranges and services as they are known now. Throws and leaves what was. */
  readWorldAgain(because: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#enforce(this.#policies.held.current)
      await this.record('sallyport', 'feeds', because)
    })
  }

  /** Tells a state store that was away what it missed. To be called now and then. */
  async catchUp(): Promise<void> {
    // A database that does not answer is waited for here, where no change waits behind.
    if (await this.#policies.isToCatchUp()) await this.#inTurn(() => this.#policies.catchUp())
  }

  /** Who did what, for the audit log. */
  record(actor: string, action: string, target: string): Promise<void> {
    return this.#policies.record({ timeMs: this.#options.nowMs(), actor, action, target })
  }

  /** Of the last change that went through; null before the first. */
  get policy(): Policy | null {
    return this.#policy
  }

  /** Ends a trial whose time has passed. To be called often. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const { confirmed, confirmByMs, current } = this.#policies.held
      if (confirmByMs === null || !this.#isOver(confirmByMs)) return
      await this.#enforce(confirmed)
      await this.#policies.goBackTo(confirmed)
      await this.record('sallyport', 'rollback', `version ${current?.version} was not confirmed`)
      this.#options.onNotice(`policy version ${current?.version} was not confirmed in time; the one before holds again`)
    })
  }

  /** A clock that is set back does not make a trial longer. */
  #isOver(confirmByMs: number): boolean {
    const { nowMs, monotonicMs } = this.#options
    return confirmByMs <= nowMs() || (this.#trialEndsMs !== null && this.#trialEndsMs <= monotonicMs())
  }

  /** What could not be kept is not in force either. */
  async #orBack(keep: () => Promise<void>): Promise<void> {
    const before = this.#policies.held.current
    try {
      await keep()
    } catch (error) {
      await this.#enforce(before)
      throw error
    }
  }

  async #enforce(wanted: Wanted | null, tested = false): Promise<void> {
    const { files, mode } = wanted ?? { files: WATCH_ONLY, mode: 'monitor' }
    // What is stored goes on as it was: a host that starts again would be left without any policy.
    const policy = tested ? await this.#known(files, mode) : hostPolicy(files, mode)
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
