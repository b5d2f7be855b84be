import type { CompiledPolicy, CompiledRules, HostFacts } from '@sallyport/compile'
import type { Binding as NameBinding } from '@sallyport/dns'
import type { Enforcement } from '@sallyport/kernel'
import { readHostFacts } from '../host/host-facts.ts'
import { policyApps } from '../host/policy-terms.ts'
import type { BoundNames } from './bound-names.ts'
import { bindingOf, generationOf } from './policy-generations.ts'

const CLOCK_MS = 1000
const RESCAN_MS = 2000

/** Keeps the kernel in step with the policy: rules that begin and end, names that are bound, programs that are upgraded. */
export class PolicyInForce {
  readonly #policy: CompiledPolicy
  readonly #names: BoundNames
  #host: HostFacts
  #rules: CompiledRules
  #enforcement: Enforcement | null = null

  constructor(policy: CompiledPolicy, host: HostFacts, names: BoundNames) {
    this.#policy = policy
    this.#host = host
    this.#names = names
    this.#rules = policy.at(Date.now())
  }

  enforceWith(enforcement: Enforcement, cgroupRoot: string): Disposable {
    this.#enforcement = enforcement
    this.#apply()
    const clock = setInterval(() => this.#followClock(), CLOCK_MS).unref()
    const watches = policyApps(this.#policy.policy).length > 0
    const scan = watches ? setInterval(() => void this.#followFiles(cgroupRoot), RESCAN_MS).unref() : null
    return {
      [Symbol.dispose]: () => {
        clearInterval(clock)
        if (scan !== null) clearInterval(scan)
        this.#enforcement = null
      },
    }
  }

  /** In the kernel before the answer is sent. */
  bind(bindings: readonly NameBinding[]): void {
    const nowMs = Date.now()
    for (const { name, address, ttlSeconds } of bindings) this.#names.bind(address, name, ttlSeconds, nowMs)
    this.#enforcement?.bind(
      bindings.map(({ name, address, ttlSeconds }) => bindingOf(this.#rules, name, address, ttlSeconds)),
    )
  }

  #followClock(): void {
    if (this.#policy.at(Date.now()) === this.#rules) return
    this.#apply()
    this.#enforcement?.closeDenied()
  }

  async #followFiles(cgroupRoot: string): Promise<void> {
    const host = await readHostFacts(this.#policy.policy, cgroupRoot).catch(() => this.#host)
    if (sameApps(host, this.#host)) return
    this.#host = { ...this.#host, apps: host.apps }
    this.#apply()
  }

  #apply(): void {
    const nowMs = Date.now()
    this.#rules = this.#policy.at(nowMs)
    this.#enforcement?.apply(generationOf(this.#policy, this.#host, this.#names, nowMs))
  }
}

function sameApps(a: HostFacts, b: HostFacts): boolean {
  const text = ({ apps }: HostFacts): string =>
    apps.map((app) => `${app.dev} ${app.ino} ${app.app} ${app.appSha256}`).join('\n')
  return text(a) === text(b)
}
