import type { KernelGeneration } from '../generation.ts'

/** Whose an address of the guarded network is. */
export type Source = {
  /** 1 and up; 0 is a network that no rule tells from another. */
  readonly network: number
  /** 1 and up; 0 is nobody that was named. */
  readonly client: number
  /** The only hardware address that may use it; null for any. */
  readonly mac: Uint8Array | null
}

/** A policy and whom it is about. `users` has classes by client, `units` by network. */
export type GatewayGeneration = KernelGeneration & {
  /** Keys as in `addresses`; `null` takes a prefix out of a larger one. */
  readonly sources: { readonly keys: Uint8Array; readonly values: readonly (Source | null)[] }
  /** Clients by hardware address, where the address says nothing. */
  readonly stations: readonly { readonly mac: Uint8Array; readonly client: number }[]
}
