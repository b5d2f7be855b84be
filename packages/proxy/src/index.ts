export { SharedBudgets, type Spend, type Spending } from './allowance/shared-budgets.ts'
export { ANSWER_REASONS, ANSWERS, type AnswerReason, type Refusal } from './answers.ts'
export type { CounterName, ProxyCounts } from './counters.ts'
export { ProxyJudge, type Judged } from './decide/proxy-judge.ts'
export { authenticateBy, type AuthenticateOptions } from './identity/authenticate.ts'
export { KerberosAcceptor, type KerberosOptions } from './identity/kerberos/kerberos-acceptor.ts'
export { readKeytab } from './identity/kerberos/read-keytab.ts'
export { readUsers, type PasswordEntry, type UsersProblem } from './identity/read-users.ts'
export type { TokenOptions } from './identity/token-check.ts'
export { PARENT_SCHEMES, type ParentProxy } from './connect/parent-proxy.ts'
export {
  ANONYMOUS,
  type Authenticate,
  type ClientProcess,
  type Credentials,
  type Identity,
} from './identity/identity.ts'
export { CertificateAuthority, createAuthority, type AuthorityPem } from './inspect/certificate-authority.ts'
export type { IcapOptions, IcapService } from './icap/icap-service.ts'
export type { InspectionOptions } from './inspect/inspection.ts'
export { PinnedHosts } from './inspect/pinned-hosts.ts'
export { RevocationLists } from './revocation/revocation-lists.ts'
export { DETECTORS, type Detector } from './content/detectors.ts'
export { formatExactSet, hashValues, type ExactSet } from './content/exact-set.ts'
export { readDetectors } from './content/read-detectors.ts'
export type { TextDetector } from './content/text-detector.ts'
export { DEFAULT_PROXY_LIMITS, DEFAULT_PROXY_TIMEOUTS, type ProxyLimits, type ProxyTimeouts } from './limits.ts'
export { ACCESS_LOG_FORMATS, accessLogLine, type AccessLogFormat } from './log/access-log-line.ts'
export type { AccessRecord } from './log/access-record.ts'
export type {
  Endpoint,
  ListenEndpoint,
  ListenTls,
  NameLookUp,
  ProxyOptions,
  ResolveName,
  SocketEnd,
} from './options.ts'
export { addCounts, formatProxyMetrics, PROXY_METRICS, proxySamples } from './serve/metrics.ts'
export { onSharedListeners, openSharedListeners, type SharedListener } from './serve/shared-listeners.ts'
export { flowOfAccess } from './log/flow-of-access.ts'
export { startProxy, type Proxy } from './serve/serve-proxy.ts'
