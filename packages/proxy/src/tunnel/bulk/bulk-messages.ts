/** Descriptors of one tunnel, which are the thread's from then on. */
export type BulkTunnel = {
  readonly id: number
  readonly client: number
  readonly server: number
  /** Ends of two pipes, read and write: to the server, to the client. */
  readonly pipes: readonly [number, number, number, number]
}

export type ToBulk =
  | { readonly kind: 'move'; readonly tunnel: BulkTunnel }
  | { readonly kind: 'cut'; readonly id: number }
  | { readonly kind: 'stop' }

/** What went through since the last word. */
export type FromBulk = {
  readonly kind: 'moved' | 'ended'
  readonly id: number
  readonly octetsOut: number
  readonly octetsIn: number
  /** Sides that have ended. */
  readonly ended: number
}

export type BulkThreadData = { readonly wakeFd: number }
