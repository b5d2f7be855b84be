import { isDeepStrictEqual } from 'node:util'
import type { CompiledPolicy, CompiledRules, HostFacts } from '@sallyport/compile'
import type { Binding as NameBinding } from '@sallyport/dns'
import type { Enforcement } from '@sallyport/kernel'
import type { HostReader } from '../host/host-reader.ts'
import { directoriesOfApps } from '../host/executables.ts'
import { oneAtATime } from '../host/one-at-a-time.ts'
import { subjectTerms } from '../host/policy-terms.ts'
import { runningFiles } from '../host/running-files.ts'
import { watchDirectories } from '../host/watch-directories.ts'
import type { InspectedGenerations } from '../inspect/inspected-generations.ts'
import type { BoundNames } from './bound-names.ts'
import { bindingOf, generationOf } from './policy-generations.ts'

const CLOCK_MS = 1000
/** How soon after a change in a watched directory, and how often without one. */
const CHANGE_MS = 100
const RESCAN_MS = 2000

/** Keeps the kernel in step with the policy: rules that begin and end, names that are bound, programs, users and units. */
export class PolicyInForce {
  readonly #policy: CompiledPolicy
  readonly #names: BoundNames
  #host: HostFacts
  #rules: CompiledRules
  #inspected: InspectedGenerations | null = null
  #enforcement: Enforcement | null = null

  constructor(policy: CompiledPolicy, host: HostFacts, names: BoundNames) {
    this.#policy = policy
    this.#host = host
    this.#names = names
    this.#rules = policy.at(Date.now())
  }

  get host(): HostFacts {
    return this.#host
  }

  /** `inspected`: of the same enforcement. */
  enforceWith(enforcement: Enforcement, reader: HostReader, inspected: InspectedGenerations | null = null): Disposable {
    this.#enforcement = enforcement
    this.#inspected = inspected
    this.#apply()
    const clock = setInterval(() => this.#followClock(), CLOCK_MS).unref()
    const scope = new DisposableStack()
    scope.defer(() => {
      clearInterval(clock)
      this.#enforcement = null
    })
    if (subjectTerms(this.#policy.policy).length > 0) {
      // A look that takes long must not put back what a later one saw.
      const look = oneAtATime(() => this.#followHost(reader))
      const scan = setInterval(look, RESCAN_MS).unref()
      scope.defer(() => clearInterval(scan))
      scope.use(watchDirectories(directoriesOfApps(this.#policy.policy, this.#host.apps), CHANGE_MS, look))
    }
    return scope
  }

  /** In the kernel before the answer is sent. */
  bind(bindings: readonly NameBinding[]): void {
    for (const { name, address, ttlSeconds } of bindings) this.#names.bind(address, name, ttlSeconds)
    this.#enforcement?.bind(
      bindings.map(({ name, address, ttlSeconds }) => bindingOf(this.#rules, name, address, ttlSeconds)),
    )
  }

  #followClock(): void {
    if (this.#policy.at(Date.now()) === this.#rules) return
    this.#apply()
    this.#enforcement?.closeDenied()
  }

  async #followHost(reader: HostReader): Promise<void> {
    const host = await this.#look(reader).catch(() => this.#host)
    if (isDeepStrictEqual(host, this.#host)) return
    this.#host = host
    this.#apply()
    this.#enforcement?.closeDenied()
  }

  /** The host as it is, and the files that programs started before an upgrade still run. */
  async #look(reader: HostReader): Promise<HostFacts> {
    const host = await reader.read(this.#policy.policy)
    const gone = this.#host.apps.filter((old) => !host.apps.some(({ dev, ino }) => dev === old.dev && ino === old.ino))
    return { ...host, apps: [...host.apps, ...(await runningFiles(gone))] }
  }

  #apply(): void {
    const nowMs = Date.now()
    this.#rules = this.#policy.at(nowMs)
    if (this.#enforcement === null) return
    const generation = generationOf(this.#policy, this.#host, this.#names, nowMs)
    // Known before the kernel has it: a flow may be held under it at once.
    this.#inspected?.keep(this.#enforcement.generation + 1, generation)
    this.#enforcement.apply(generation)
  }
}
