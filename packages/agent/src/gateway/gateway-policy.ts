import { gatewayTables, type ClientFacts, type CompiledPolicy, type CompiledRules } from '@sallyport/compile'
import type { Binding as NameBinding, Endpoint } from '@sallyport/dns'
import type { Gateway } from '@sallyport/kernel'
import { addressBytes, parseAddress, type Prefix } from '@sallyport/net'
import type { Policy } from '@sallyport/policy'
import { subjectTerms } from '../host/policy-terms.ts'
import type { InspectedRules } from '../inspect/policy-of-tables.ts'
import { askPolicy, type AskedPolicy } from '../run/asked-policy.ts'
import type { BoundNames } from '../run/bound-names.ts'
import { bindingOf, boundNow, rulesOf } from '../run/policy-generations.ts'
import { buildClientTable, clientOf, type ClientTable, type GuardedNetworks } from './client-table.ts'
import type { KnownClients } from './known-clients.ts'

const CLOCK_MS = 1000

type OnGeneration = (number: number, table: ClientTable, inspected: InspectedRules) => void

/** Keeps the kernel in step with a policy: rules that begin and end, names that are bound, who has which address. */
export class GatewayPolicy {
  /** As the resolver asks it. */
  readonly asked: AskedPolicy
  readonly #compiled: CompiledPolicy
  readonly #networks: GuardedNetworks
  readonly #known: KnownClients
  readonly #names: BoundNames
  readonly #told: readonly Prefix[]
  #rules: CompiledRules
  #table: ClientTable
  #gateway: Gateway | null = null

  constructor(compiled: CompiledPolicy, networks: GuardedNetworks, known: KnownClients, names: BoundNames) {
    this.#compiled = compiled
    this.#networks = networks
    this.#known = known
    this.#names = names
    this.#told = networksTold(compiled.policy)
    this.#rules = compiled.at(Date.now())
    this.#table = this.#buildTable()
    this.asked = askPolicy(compiled, (client) => ({
      src: parseAddress(client.address),
      app: null,
      appSha256: null,
      unit: null,
      container: null,
      ...this.clientAt(client),
    }))
  }

  /** Who asks: as the kernel has seen it in the packet that asked. */
  clientAt({ address }: Endpoint): ClientFacts {
    const from = parseAddress(address)
    return clientOf(this.#table, from === null ? 0 : (this.#gateway?.clientAt(addressBytes(from)) ?? 0))
  }

  /** `onGeneration` comes before each: events that name it are of this policy and these clients. */
  enforceWith(gateway: Gateway, onGeneration: OnGeneration): Disposable {
    this.#gateway = gateway
    const apply = (): void => {
      this.#rules = this.#compiled.at(Date.now())
      const { clients, networks, sources, stations } = this.#table
      const tables = gatewayTables(this.#rules, clients, networks, rulesOf(this.#compiled))
      const now = boundNow(this.#compiled, this.#rules, this.#names)
      onGeneration(gateway.generation + 1, this.#table, {
        rules: this.#rules,
        resume: tables.resume,
        limits: now.limits,
      })
      gateway.apply({
        ...tables,
        ...now,
        sources,
        stations,
      })
    }
    apply()
    const clock = setInterval(() => {
      if (this.#compiled.at(Date.now()) !== this.#rules) apply()
    }, CLOCK_MS).unref()
    this.#reapply = apply
    return {
      [Symbol.dispose]: () => {
        clearInterval(clock)
        this.#reapply = () => {}
        this.#gateway = null
      },
    }
  }
  #reapply: () => void = () => {}

  /** Who has which address has changed. */
  followClients(): void {
    this.#table = this.#buildTable()
    this.#reapply()
  }

  /** In the kernel before the answer is sent. */
  bind(bindings: readonly NameBinding[]): void {
    for (const { name, address, ttlSeconds } of bindings) this.#names.bind(address, name, ttlSeconds)
    this.#gateway?.bind(
      bindings.map(({ name, address, ttlSeconds }) => bindingOf(this.#rules, name, address, ttlSeconds)),
    )
  }

  #buildTable(): ClientTable {
    return buildClientTable(this.#networks, this.#known.entries, this.#known.leases, this.#told)
  }
}

function networksTold(policy: Policy): readonly Prefix[] {
  return subjectTerms(policy).flatMap(({ network }) => network ?? [])
}
