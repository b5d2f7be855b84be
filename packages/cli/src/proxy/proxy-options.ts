import type { AccessLogFormat } from '@sallyport/proxy'
import type { IdentityOptions } from '../input/proxy-identity.ts'

/** The command line of `sallyport proxy`. */
export type ProxyCommandOptions = IdentityOptions & {
  readonly listen: readonly string[]
  readonly policy: readonly string[]
  readonly feed: readonly string[]
  readonly upstream: readonly string[]
  readonly limit: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly clientCa?: string
  readonly localClients?: boolean
  readonly proxyHeaderFrom: readonly string[]
  readonly parent: readonly string[]
  readonly tlsInspect?: string
  readonly spare: readonly string[]
  readonly spareCategory: readonly string[]
  readonly sparePinned?: boolean
  readonly serverCa?: string
  readonly crl: readonly string[]
  readonly detectors?: string
  readonly icapRequest?: string
  readonly icapResponse?: string
  readonly icapFail: 'closed' | 'open'
  readonly metrics?: string
  readonly otlp?: string
  readonly accessLog?: string
  readonly accessLogFormat: AccessLogFormat
  readonly record: string | false
  readonly workers?: string
  readonly json?: boolean
}
