import type { Row } from '../../engine/sql-engine.ts'

/** Rows with a NULL would not be counted. */
export const SOURCE: string = `ifNull(src, toIPv6('::'))`
const NOBODY = `device = '' AND user = '' AND app = '' AND unit = ''`

/** Who took part, as a number: numbers are told apart several times faster than the texts that they stand for. */
export const USER: string = `cityHash64(device, user, ${SOURCE})`

/** The subject of an alert, as a number, for the statements that look at all pairs of one. */
export const SUBJECT_NUMBER: string = `cityHash64(device, user, if(app = '', unit, app), if(${NOBODY}, ${SOURCE}, toIPv6('::')))`

/** The same in columns, to be grouped by. */
export const SUBJECT_COLUMNS: string = `device, user, if(app = '', unit, app) AS program, if(${NOBODY}, ${SOURCE}, toIPv6('::')) AS address`
export const BY_SUBJECT = 'device, user, program, address'

/** As alerts name it; empty where nothing is known. */
export function subjectOfRow({ device, user, program, address }: Row): string {
  const parts = [device, user, program].filter((part) => part !== '')
  if (parts.length > 0) return parts.join(' ')
  return address === '::' ? '' : String(address).replace(/^::ffff:/, '')
}
