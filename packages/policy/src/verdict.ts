import type { DenyKind, Mode } from './policy.ts'

export const STAGES = ['connect', 'dns', 'handshake', 'request', 'content'] as const
export type Stage = (typeof STAGES)[number]

export const REASONS = [
  'rule',
  'default',
  'implicit',
  'metadata-address',
  'missing-facts',
  'bad-handshake',
  'limit-bytes-out',
  'limit-bytes-in',
  'limit-connections',
  'raw-socket',
  'socket-mark',
  'spoofed-source',
  'private-address',
  'query-type',
  'tunnel',
  'unknown-client',
  'special-address',
  'name-mismatch',
  'content-opaque',
  'icap-denied',
  'policy-failure',
  'authentication-required',
  'too-many-requests',
  'too-many-connections',
] as const
/** Why, of a verdict or of what enforces it; every member is documented in docs/reference/reasons.md. */
export type Reason = (typeof REASONS)[number]

type Decided = {
  /** The earliest rule that could be the deciding one; `null` is the default. */
  readonly rule: string | null
  readonly layer: string
  readonly mode: Mode
  readonly stage: Stage
  readonly reason: Reason
  readonly explain: string
}

export type Verdict =
  | (Decided & { readonly verdict: 'allow' })
  | (Decided & { readonly verdict: 'deny'; readonly how: DenyKind })
  | (Decided & { readonly verdict: 'undetermined'; readonly needs: readonly string[] })
