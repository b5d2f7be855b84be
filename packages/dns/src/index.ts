export { policyNameSets } from './fast/policy-name-sets.ts'
export type { NameSets } from './fast/refusal-templates.ts'
export { isPrivateAddress } from './private-address.ts'
export { startForwarder, type Forwarder } from './start-forwarder.ts'
export { upstreamsFromSystem } from './system-upstreams.ts'
export type { CounterName, CounterValues } from './counters.ts'
export { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, type Timeouts } from './limits.ts'
export type {
  Binding,
  Endpoint,
  ForwarderOptions,
  NameQuery,
  NameVerdict,
  QueryOutcome,
  QueryRecord,
  RefusalStyle,
} from './options.ts'
