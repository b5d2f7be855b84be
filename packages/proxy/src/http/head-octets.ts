import type { Field } from '@sallyport/wire'

/** Octets of a head as HTTP/1.1 writes it; a limit counts them, as fields carry data out as well as bodies do. */
export function headOctets(fields: readonly Field[], ...line: readonly string[]): number {
  const first = line.reduce((sum, { length }) => sum + length + 1, 'HTTP/1.1\r\n\r\n'.length)
  return fields.reduce((sum, { spelled, value }) => sum + spelled.length + value.length + 4, first)
}
