import type { RuleLimit } from './limits/rule-limit.ts'

/** Everything one policy consists of in the kernel. It appears as a whole or not at all. */
export interface KernelGeneration {
  /** The verdict diagram: word 0 is 0x53595031, word 1 the offset of the root node. */
  readonly image: Uint32Array
  readonly users: ReadonlyMap<number, number>
  /** Executables by the device and inode that stat(2) shows. */
  readonly apps: readonly { readonly dev: bigint; readonly ino: bigint; readonly class: number }[]
  readonly units: readonly { readonly cgroupId: bigint; readonly class: number }[]
  /** Class by index: tcp 0…, udp 65536…, sctp 131072…, then 196608 + IP protocol number. */
  readonly ports: Uint32Array
  /** Keys of 20 bytes: little-endian prefix length over 128 bits, then the address; IPv4 as ::ffff:a.b.c.d. */
  readonly addresses: { readonly keys: Uint8Array; readonly classes: Uint32Array }
  readonly defaults: {
    readonly user: number
    readonly app: number
    readonly unit: number
    readonly name: number
    /** While the handshake is awaited; `name` unless given. */
    readonly awaitedName?: number
  }
  readonly bindings?: readonly Binding[]
  readonly limits?: readonly RuleLimit[]
  /** Report, and do not refuse, what no rule refuses: raw sockets, marks, DNS past the resolver. */
  readonly monitor?: boolean
}

export interface Binding {
  /** 16 bytes; IPv4 as ::ffff:a.b.c.d. */
  readonly address: Uint8Array
  readonly names: readonly BoundName[]
}

export interface BoundName {
  readonly class: number
  /** While the handshake is awaited; `class` unless given. Names of one class have one of these too. */
  readonly awaitedClass?: number
  readonly ttlSeconds: number
}

export const IMAGE_MAGIC = 0x53595031
export const PORT_CLASSES: number = 196608 + 256
