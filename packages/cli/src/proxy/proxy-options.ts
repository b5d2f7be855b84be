import type { AccessLogFormat } from '@sallyport/proxy'

/** The command line of `sallyport proxy`. */
export type ProxyCommandOptions = {
  readonly listen: readonly string[]
  readonly policy: readonly string[]
  readonly feed: readonly string[]
  readonly upstream: readonly string[]
  readonly limit: readonly string[]
  readonly metrics?: string
  readonly accessLog?: string
  readonly accessLogFormat: AccessLogFormat
  readonly workers?: string
  readonly json?: boolean
}
