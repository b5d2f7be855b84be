/** Why flows that happened are not recorded; docs/reference/recording.md lists the same. */
export const DROP_REASONS = [
  'kernel-events',
  'kernel-ends',
  'spool-full',
  'spool-unwritable',
  'record-too-large',
  'damaged',
] as const
export type DropReason = (typeof DROP_REASONS)[number]

/** Flows that happened and were not recorded; of `kernel-ends`, without what they carried. */
export type FlowDrop = {
  /** RFC 3339, UTC: when it was noticed. */
  readonly time: string
  readonly reason: DropReason
  readonly count: number
}
