import type { WireName } from '@sallyport/wire'
import type { Denial } from './denial.ts'
import { nsecDenial } from './nsec-denial.ts'
import { nsec3Denial } from './nsec3-denial.ts'
import type { RecordSet } from './record-set.ts'
import type { WorkBound } from './work-bound.ts'

/** `sets` are known to be signed by `zone`. */
export function judgeDenial(
  sets: readonly RecordSet[],
  zone: WireName,
  name: WireName,
  type: number,
  work: WorkBound,
): Denial {
  const plain = nsecDenial(sets, name, type)
  return plain.proves === 'nothing' ? nsec3Denial(sets, zone, name, type, work) : plain
}
