import { SallyportError } from '@sallyport/policy'
import type { AuditEntry, PolicyVersion, StateStore } from '@sallyport/store'
import type { CopiedPolicies, PolicyCopy } from './policy-copy.ts'

/** `current` is in force; when `confirmByMs` passes unconfirmed, `confirmed` comes back. Null: only watching. */
export type Held = Pick<CopiedPolicies, 'current' | 'confirmed' | 'confirmByMs'>

export const NOTHING_HELD: Held = { current: null, confirmed: null, confirmByMs: null }

type Options = {
  readonly store: StateStore
  /** Where the store may be away while this host goes on; null: the store is this host's own. */
  readonly copy: PolicyCopy | null
  readonly onNotice: (text: string) => void
}

/** The oldest are forgotten beyond; each is one change by a person. */
const MAX_OWED = 10_000

/**
 * What holds on this host, which its state store is told at once, or as soon as it answers again. What is enforced, and a trial
 * that ends, never wait for a database.
 */
export class HeldPolicies {
  readonly #options: Options
  #held: Held = NOTHING_HELD
  #owed: readonly Omit<AuditEntry, 'id'>[] = []
  /** Why the store does not know what holds; null: it does. */
  #problem: string | null = null

  constructor(options: Options) {
    this.#options = options
  }

  get held(): Held {
    return this.#held
  }

  get problem(): string | null {
    return this.#problem
  }

  /** What held before this process. A trial that ended meanwhile is over. `otherwise` where nothing can be known. */
  async recall(nowMs: number, otherwise: Held | null): Promise<Held> {
    const copied = this.#readCopy()
    if (copied !== null) this.#held = heldOf(copied)
    if (copied?.isAhead === true) {
      this.#problem = 'the state store was away when what holds was decided'
      this.#owed = copied.owed
    } else await this.#ask(copied ?? otherwise, async () => (this.#held = await this.#stored()))
    const { confirmed, confirmByMs } = this.#held
    if (confirmByMs !== null && confirmByMs <= nowMs) await this.goBackTo(confirmed)
    else this.#writeCopy()
    return this.#held
  }

  async apply(change: Omit<PolicyVersion, 'version'> & { readonly confirmByMs: number | null }): Promise<void> {
    const { confirmByMs, ...wanted } = change
    const version = { version: (this.#held.current?.version ?? 0) + 1, ...wanted }
    const unnumbered: Held =
      confirmByMs === null
        ? { current: version, confirmed: version, confirmByMs }
        : { current: version, confirmed: this.#held.confirmed, confirmByMs }
    await this.#hold(unnumbered, async ({ policies }) => {
      await policies.apply(change)
      return this.#stored()
    })
  }

  /** Keeps the policy on trial. False when the store says that none is. */
  async confirm(nowMs: number): Promise<boolean> {
    const { current } = this.#held
    let isConfirmed = true
    await this.#hold({ current, confirmed: current, confirmByMs: null }, async ({ policies }) => {
      isConfirmed = await policies.confirm(nowMs)
      return this.#stored()
    })
    return isConfirmed
  }

  /** Throws `usage` when there is no such version, `state-unavailable` when only the store knows it and does not answer. */
  async rollbackTarget(to: number | null): Promise<PolicyVersion | null> {
    const { confirmed, confirmByMs } = this.#held
    if (to === null ? confirmByMs !== null : to === confirmed?.version) return confirmed
    if (this.#problem !== null) throw new SallyportError('state-unavailable', this.#problem)
    const target = await this.#options.store.policies.rollbackTarget(to)
    return target === null ? null : this.#options.store.policies.get(target)
  }

  /** Ends a trial, too. */
  async goBackTo(target: PolicyVersion | null): Promise<void> {
    await this.#hold({ current: target, confirmed: target, confirmByMs: null }, async ({ policies }) => {
      await policies.setRolledBack(target?.version ?? null)
      return null
    })
  }

  async record(entry: Omit<AuditEntry, 'id'>): Promise<void> {
    await this.#ask(
      this.#held,
      () => this.#options.store.audit.add(entry),
      () => {
        this.#owed = [...this.#owed, entry].slice(-MAX_OWED)
        this.#writeCopy()
      },
    )
  }

  /** Whether the store has something to be told, and answers. */
  async isToCatchUp(): Promise<boolean> {
    if (this.#problem === null) return false
    return this.#missed(() => this.#options.store.policies.inForce())
  }

  /** Tells the store what it missed. */
  async catchUp(): Promise<void> {
    const { policies, audit } = this.#options.store
    const { current, confirmed, confirmByMs } = this.#held
    const isTold = await this.#missed(async () => {
      await policies.reconcile(current, confirmed, confirmByMs)
      this.#held = await this.#stored()
      for (const entry of this.#owed) {
        await audit.add(entry)
        this.#owed = this.#owed.filter((each) => each !== entry)
      }
    })
    if (isTold) this.#problem = null
    this.#writeCopy()
    if (isTold) this.#options.onNotice('the state store answers again and knows what holds')
  }

  async #missed(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.#problem = (error as Error).message
      return false
    }
  }

  async #stored(): Promise<Held> {
    const { policies } = this.#options.store
    const { version, confirmed, confirmByMs } = await policies.inForce()
    const current = version === null ? null : await policies.get(version)
    if (confirmed === version) return { current, confirmed: current, confirmByMs }
    return { current, confirmed: confirmed === null ? null : await policies.get(confirmed), confirmByMs }
  }

  /** `tell` says what holds by the store's numbers; null: as `held` says. */
  async #hold(held: Held, tell: (store: StateStore) => Promise<Held | null>): Promise<void> {
    let said: Held | null = null
    await this.#ask(held, async () => (said = await tell(this.#options.store)))
    this.#held = said ?? held
    this.#writeCopy()
  }

  /** Without the store, where this host can go on with `instead`: `otherwise`, and the store is told later. */
  async #ask(instead: Held | null, question: () => Promise<unknown>, otherwise = (): void => {}): Promise<void> {
    if (this.#problem === null) {
      try {
        await question()
        return
      } catch (error) {
        const isAway = error instanceof SallyportError && error.code === 'state-unavailable'
        if (!isAway || this.#options.copy === null || instead === null) throw error
        this.#problem = error.message
        this.#options.onNotice(`${error.message}; what holds is kept on this host until it answers`)
      }
    }
    otherwise()
  }

  #readCopy(): CopiedPolicies | null {
    try {
      return this.#options.copy?.read() ?? null
    } catch (error) {
      this.#options.onNotice((error as Error).message)
      return null
    }
  }

  #writeCopy(): void {
    try {
      this.#options.copy?.write({ ...this.#held, isAhead: this.#problem !== null, owed: [...this.#owed] })
    } catch (error) {
      this.#options.onNotice(`the copy of the policy is as it was before: ${(error as Error).message}`)
    }
  }
}

function heldOf({ current, confirmed, confirmByMs }: CopiedPolicies): Held {
  return { current, confirmed, confirmByMs }
}
