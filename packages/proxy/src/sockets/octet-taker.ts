/** Whoever takes what comes of a connection: one at a time, who leaves it to the next. */
export type OctetTaker = {
  onOctets(octets: Buffer): void
  /** The peer says nothing more. */
  onEnd(): void
  /** The connection is gone. */
  onClose(): void
  /** There is room for more to write. */
  onDrain(): void
  /** Nothing has moved for as long as the connection's timeout. */
  onIdle(): void
}

/** As long as it lasts. */
export type Taking = { leave(): void }
