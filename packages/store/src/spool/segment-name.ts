import type { WriterIdentity } from './writer-identity.ts'

/** A file of the spool. `id` is the batch that its flows become. */
export type SegmentName = { readonly id: string; readonly state: 'open' | 'sealed'; readonly writer: WriterIdentity }

const NAME = /^([0-9a-f]{1,12})-(\d{1,20})-(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-(\d{8,})\.(open|sealed)$/

/** `nonce` keeps spools apart that one process opens; segments of one writer sort in the order they were written. */
export function segmentId(
  { boot, pidNamespace, pid, startTicks }: WriterIdentity,
  nonce: string,
  sequence: number,
): string {
  return [boot, pidNamespace, pid, startTicks, nonce, String(sequence).padStart(8, '0')].join('-')
}

/** Null for a file that is no segment. */
export function parseSegmentName(file: string): SegmentName | null {
  const [whole, boot, pidNamespace, pid, startTicks, , , state] = NAME.exec(file) ?? []
  if (whole === undefined) return null
  const writer = { boot: boot!, pidNamespace: pidNamespace!, pid: Number(pid), startTicks: startTicks! }
  return { id: file.slice(0, file.lastIndexOf('.')), state: state as SegmentName['state'], writer }
}
