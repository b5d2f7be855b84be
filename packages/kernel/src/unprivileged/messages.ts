import type { PacketAnswer, PacketHeaders, SocketOwner } from './packet-facts.ts'

export type Identity = { readonly uid: number; readonly gid: number }

/** What the process outside tells the one inside. */
export type ToInside =
  | {
      readonly kind: 'start'
      readonly command: readonly string[]
      readonly env: Readonly<Record<string, string>>
      readonly identity: Identity
      readonly runtimeFolder: string | null
    }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: PacketAnswer }
  /** Another policy is in force: what was allowed is asked about again. */
  | { readonly kind: 'renew'; readonly generation: number }
  /** Ends a connection, and tells both its ends. */
  | { readonly kind: 'close'; readonly connection: Omit<PacketHeaders, 'transport'> }
  | { readonly kind: 'answer'; readonly id: number; readonly message: Uint8Array | null }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }

/** What the process inside tells the one outside. */
export type ToOutside =
  /** Everything that leaves is held from now on; `pid` is its own, as seen outside. */
  | { readonly kind: 'guarding'; readonly pid: number }
  | { readonly kind: 'started' }
  /** The first of a flow, for all that the rules know. */
  | {
      readonly kind: 'packet'
      readonly id: number
      readonly headers: PacketHeaders
      readonly owner: SocketOwner
      readonly bytes: Uint8Array
    }
  /** Octets of a connection whose handshake is awaited. */
  | { readonly kind: 'octets'; readonly from: 'client' | 'server'; readonly id: number; readonly bytes: Uint8Array }
  /** A packet of a connection whose octets are counted: its beginning, and the length of the whole. */
  | {
      readonly kind: 'counted'
      readonly from: 'client' | 'server'
      readonly id: number
      readonly bytes: Uint8Array
      readonly length: number
    }
  | { readonly kind: 'dropped'; readonly why: 'malformed' | 'overflow'; readonly count: number }
  | { readonly kind: 'query'; readonly id: number; readonly transport: 'udp' | 'tcp'; readonly message: Uint8Array }
  | { readonly kind: 'warning'; readonly text: string }
  | {
      readonly kind: 'failed'
      readonly code: 'start-failed' | 'command-failed' | 'tool-missing'
      readonly text: string
    }
  | { readonly kind: 'ended'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
