import type { Flow } from '@sallyport/policy'

/** Who uses an address, as far as a gateway is told. */
export type ClientFacts = Required<Pick<Flow, 'device' | 'tags' | 'posture' | 'user' | 'groups'>>

/** Nobody enrolled it: known to be none of those that a policy names. */
export const UNKNOWN_CLIENT: ClientFacts = { device: null, tags: null, posture: null, user: null, groups: null }
