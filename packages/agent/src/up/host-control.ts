import { SallyportError, type Policy } from '@sallyport/policy'
import type { PolicyVersion, StateStore } from '@sallyport/store'
import { HeldPolicies, type Held } from './held-policies.ts'
import type { HostPolicyStatus } from './host-policy-status.ts'
import type { PolicyChange } from './policy-change.ts'
import type { PolicyCopy } from './policy-copy.ts'
import { PolicyEnforcer, type EnforcerOptions } from './policy-enforcer.ts'
import { TrialClock, type Clocks } from './trial-clock.ts'

type HostControlOptions = EnforcerOptions &
  Clocks & {
    readonly state: StateStore
    /** Null: the state store is on this host. */
    readonly copy: PolicyCopy | null
    readonly onNotice: (text: string) => void
  }

/**
 * Changes of a host's policy, one after the other. The kernel has a policy before the state store says so: a crash between
 * the two leaves the earlier policy, and nobody was told that the new one holds.
 */
export class HostControl {
  readonly #options: HostControlOptions
  readonly #policies: HeldPolicies
  readonly #enforcer: PolicyEnforcer
  readonly #trial: TrialClock
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: HostControlOptions) {
    this.#options = options
    this.#enforcer = new PolicyEnforcer(options)
    this.#trial = new TrialClock(options)
    this.#policies = new HeldPolicies({ store: options.state, copy: options.copy, onNotice: options.onNotice })
  }

  status(): HostPolicyStatus {
    const { current, confirmed, confirmByMs } = this.#policies.held
    return {
      version: current?.version ?? null,
      confirmed: confirmed?.version ?? null,
      confirmByMs,
      mode: current?.mode ?? 'monitor',
      layers: this.policy?.layers.map(({ name }) => name) ?? [],
      author: current?.author ?? null,
      reason: current?.reason ?? null,
      createdMs: current?.createdMs ?? null,
      stateProblem: this.#policies.problem,
    }
  }

  versions(): Promise<readonly Omit<PolicyVersion, 'files'>[]> {
    return this.#options.state.policies.list()
  }

  /** What a version changed in the one before it, as a unified diff. */
  async changes(version: number): Promise<string> {
    const { policies } = this.#options.state
    if ((await policies.get(version)) === null)
      throw new SallyportError('usage', `there is no policy version ${version}`, {
        remedy: '`sallyport status --versions` lists them.',
      })
    return policies.diff(version === 1 ? null : version - 1, version)
  }

  /** What held before the start; nothing is put in force yet. `unknown` is for where neither store nor copy can say. */
  recall(unknown: Held | null): Promise<Held> {
    return this.#inTurn(() => this.#policies.recall(this.#options.nowMs(), unknown))
  }

  /** Puts in force what held before the start. */
  resume(): Promise<void> {
    return this.#inTurn(async () =>
      this.#enforcer.enforce((await this.#policies.recall(this.#options.nowMs(), null)).current),
    )
  }

  apply({ files, mode, author, reason, confirmSeconds }: PolicyChange): Promise<HostPolicyStatus> {
    return this.#inTurn(async () => {
      const wanted = { files, mode: mode ?? this.status().mode }
      await this.#enforcer.enforceTested(wanted)
      const createdMs = this.#options.nowMs()
      const confirmByMs = confirmSeconds === null ? null : createdMs + Math.round(confirmSeconds * 1000)
      await this.#orBack(() => this.#policies.apply({ ...wanted, author, reason, createdMs, confirmByMs }))
      this.#trial.begin(confirmSeconds)
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
      const isOpen = confirmByMs !== null && !this.#trial.isOver(confirmByMs)
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
      await this.#enforcer.enforce(target)
      await this.#orBack(() => this.#policies.goBackTo(target))
      await this.record(author, 'rollback', target === null ? 'no policy' : `version ${target.version}`)
      return this.status()
    })
  }

  /** The policy in force, with the lists, ranges and services as they are known now. Throws and leaves what was. */
  readWorldAgain(because: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#enforcer.enforce(this.#policies.held.current)
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
    return this.#enforcer.policy
  }

  /** Ends a trial whose time has passed. To be called often. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const { confirmed, confirmByMs, current } = this.#policies.held
      if (confirmByMs === null || !this.#trial.isOver(confirmByMs)) return
      await this.#enforcer.enforce(confirmed)
      await this.#policies.goBackTo(confirmed)
      await this.record('sallyport', 'rollback', `version ${current?.version} was not confirmed`)
      this.#options.onNotice(`policy version ${current?.version} was not confirmed in time; the one before holds again`)
    })
  }

  /** What could not be kept is not in force either. */
  async #orBack(keep: () => Promise<void>): Promise<void> {
    const before = this.#policies.held.current
    try {
      await keep()
    } catch (error) {
      await this.#enforcer.enforce(before)
      throw error
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}
