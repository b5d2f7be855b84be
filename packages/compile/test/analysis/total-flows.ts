import type * as fc from 'fast-check'
import type { Flow } from '@sallyport/policy'
import { flows, WORLD } from '../generate-policy.ts'

export const NOW = 1_700_000_000_500
export const RUNS: number = Number(process.env['SALLYPORT_PROPERTY_RUNS'] ?? 150)

/** Every fact given or null; country and AS as the world has them. A name that is verified has bound names, perhaps none. */
export const totalFlows: fc.Arbitrary<Flow> = flows.map((flow) => {
  const { dst = null, http = null, posture = null } = flow
  return {
    device: null,
    tags: null,
    user: null,
    groups: null,
    app: null,
    appSha256: null,
    unit: null,
    container: null,
    src: null,
    port: null,
    transport: null,
    domain: null,
    protocol: null,
    content: null,
    ...flow,
    posture,
    dst,
    time: NOW,
    boundNames: flow.boundNames ?? [],
    http: http && { host: null, path: null, method: null, contentType: null, ...http },
    country: dst && WORLD.country(dst),
    asn: dst && WORLD.asn(dst),
  }
})
