import type { DomainPattern } from '@sallyport/net'
import { PACKED_KINDS, type DomainPatterns } from '@sallyport/policy'

/** Patterns as octets, as `PackedPatterns` has them. */
export function packPatterns(patterns: DomainPatterns): Uint8Array {
  if (patterns.packed !== undefined) return patterns.packed()
  return Buffer.concat([...patterns].map(packPattern))
}

function packPattern({ kind, name }: DomainPattern): Uint8Array {
  return Buffer.from([name.length, PACKED_KINDS.indexOf(kind), ...Buffer.from(name, 'latin1')])
}
