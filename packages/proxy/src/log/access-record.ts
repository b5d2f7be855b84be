import type { AnswerReason } from '../answers.ts'
import type { Finding } from '../content/findings.ts'
import type { Reason, Stage } from '@sallyport/policy'
import type { Spared } from '../inspect/inspection.ts'
import type { Endpoint } from '../options.ts'

/** What became of one request or tunnel. Queries of URLs, bodies and credentials are never in it. */
export type AccessRecord = {
  readonly time: Date
  /** The reference id that the client was shown. */
  readonly id: string
  readonly client: Endpoint
  readonly user: string | null
  readonly groups: readonly string[] | null
  /** Of a client of this host, where it is looked for and could be told. */
  readonly app: string | null
  readonly unit: string | null
  readonly via: 'http' | 'connect' | 'socks5' | 'tunnel'
  readonly method: string | null
  /** What the client spoke; `null` where nothing was read. */
  readonly httpVersion: '1.0' | '1.1' | '2.0' | null
  readonly host: string | null
  readonly port: number | null
  readonly path: string | null
  /** The address that the connection went to. */
  readonly dst: string | null
  /** Host and port of the next proxy, which was told to connect there. */
  readonly parent: string | null
  readonly protocol: string | null
  readonly serverName: string | null
  readonly ja4: string | null
  /** What the client was answered; `null` when it was gone before. */
  readonly status: number | null
  /** Whether it was read inside TLS. */
  readonly inspected: boolean
  /** A tunnel that was opened: its requests have records of their own. */
  readonly opened: boolean
  /** Why it was not, though a rule asked for it. */
  readonly spared: Spared | null
  /** `failed`: nobody denied it, and it did not work. */
  readonly outcome: 'allowed' | 'denied' | 'failed'
  readonly verdict: 'allow' | 'deny' | 'undetermined' | null
  readonly mode: 'enforce' | 'monitor' | null
  readonly rule: string | null
  readonly layer: string | null
  /** Of the verdict: what was known when it was given, and why it is so; `reason` is that of a refusal. */
  readonly stage: Stage | null
  readonly verdictReason: Reason | null
  readonly reason: AnswerReason | null
  readonly explain: string | null
  readonly bytesOut: number
  readonly bytesIn: number
  readonly durationMs: number
  readonly resolveMs: number | null
  readonly connectMs: number | null
  readonly firstByteMs: number | null
  /** Detectors that fired; `null` where nobody looked. */
  readonly content: readonly string[] | null
  /** How much each of them found, and how sure that is; never what it was. */
  readonly findings: readonly Finding[] | null
  /** What a content service made of it; `null` where none was asked. */
  readonly icap: 'unmodified' | 'changed' | 'failed' | null
  readonly contentType: string | null
  readonly userAgent: string | null
  readonly referer: string | null
}
