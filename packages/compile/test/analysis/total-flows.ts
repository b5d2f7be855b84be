import type * as fc from 'fast-check'
import { NO_FACTS, NO_HTTP, type Flow } from '@sallyport/policy'
import { flows, WORLD } from '../generate-policy.ts'

export const NOW = 1_700_000_000_500
export const RUNS: number = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 150)

/** Every fact given or null; country and AS as the world has them. A name that is verified has bound names, perhaps none. */
export const totalFlows: fc.Arbitrary<Flow> = flows.map((flow) => {
  const { dst = null, http = null, posture = null } = flow
  return {
    ...NO_FACTS,
    ...flow,
    posture,
    dst,
    time: NOW,
    boundNames: flow.boundNames ?? [],
    http: http && { ...NO_HTTP, ...http },
    country: dst && WORLD.country(dst),
    asn: dst && WORLD.asn(dst),
  }
})
