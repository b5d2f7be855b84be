export { compileApart } from './names-thread/compile-apart.ts'
export { policyNameSets } from './fast/policy-name-sets.ts'
export { LAST_POINT, judgeName } from './policy/judge-name.ts'
export { answerSettings, dnsSettings, judgeOptions } from './policy/policy-settings.ts'
export { SeenDomains } from './policy/seen-domains.ts'
export { PolicyJudge, type JudgeOptions } from './policy/policy-judge.ts'
export { serveResolver } from './serve/serve-resolver.ts'
export { parseResolverUri, type ResolverUri } from './resolver-uri.ts'
export { keepStandby, type Place } from './serve/keep-standby.ts'
export { onSharedSockets, openSharedSockets } from './serve/shared-sockets.ts'
export { isWorker, sayDone, sayReady, standBy, STANDBY_VARIABLE } from './serve/stand-by.ts'
export { upstreamNote } from './serve/upstream-note.ts'
export { tunnelNote } from './serve/tunnel-note.ts'
export { dropWhatWasReplaced } from './serve/drop-what-was-replaced.ts'
export { returnLargeBlocks } from './serve/return-large-blocks.ts'
export { serveMetrics } from './serve/serve-metrics.ts'
export { formatMetrics, METRICS } from './serve/metrics.ts'
export { isPrivateAddress } from './private-address.ts'
export { serversOf } from './asked-servers.ts'
export { startForwarder, type Forwarder, type ForwarderService } from './start-forwarder.ts'
export type { ClientRate } from './listen/client-gate.ts'
export { parseTrustAnchors, ROOT_ANCHORS, type TrustAnchor } from './validate/trust-anchors.ts'
export { lookUpServer } from './upstream/look-up-server.ts'
export { upstreamsFromSystem } from './upstream/system-upstreams.ts'
export type { UpstreamServer } from './upstream/upstream-server.ts'
export type { UpstreamRoute } from './upstream/upstream-routes.ts'
export type { Strategy } from './upstream/upstreams.ts'
export type { CounterName, CounterValues } from './counters.ts'
export { DEFAULT_LIMITS, type Limits } from './limits.ts'
export { DEFAULT_SETTINGS } from './options.ts'
export type {
  AnswerSettings,
  Binding,
  Certificate,
  ClientTransport,
  ListenEndpoint,
  Endpoint,
  ForwarderOptions,
  NameQuery,
  NameVerdict,
  QueryRecord,
  UpstreamState,
} from './options.ts'
