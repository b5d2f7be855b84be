import type { Attack } from './attack.ts'
import { CONNECTIONS } from './connections.ts'
import { NAMES } from './names.ts'
import { PROCESSES } from './processes.ts'
import { WATCHED } from './watched.ts'

/** In the order of the page. */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  'Other places, ports and protocols': CONNECTIONS,
  'Names and addresses': NAMES,
  'Processes and the agent': PROCESSES,
  'Let through, and told': WATCHED,
}
