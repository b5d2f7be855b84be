import type { Flow, Http } from './flow.ts'

type FullHttp = { readonly [Key in keyof Http]-?: null }
type NoFacts = { readonly [Key in Exclude<keyof Flow, 'time'>]-?: null }

/** A request of which all is known to be none. */
export const NO_HTTP: FullHttp = { host: null, path: null, method: null, contentType: null }

/** A flow of which all but the time is known to be none. */
export const NO_FACTS: NoFacts = {
  device: null,
  tags: null,
  user: null,
  groups: null,
  app: null,
  appSha256: null,
  unit: null,
  container: null,
  posture: null,
  src: null,
  dst: null,
  port: null,
  transport: null,
  domain: null,
  boundNames: null,
  protocol: null,
  http: null,
  country: null,
  asn: null,
  content: null,
  bytesOut: null,
  bytesIn: null,
  packetsOut: null,
  packetsIn: null,
  durationMs: null,
}
