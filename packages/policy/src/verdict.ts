import type { DenyKind, Mode } from './policy.ts'

export const STAGES = ['connect', 'dns', 'handshake', 'request', 'content'] as const
export type Stage = (typeof STAGES)[number]

/** Why, of what the policy says. */
const DECISION_REASONS = ['rule', 'default', 'implicit', 'metadata-address', 'missing-facts'] as const
export type DecisionReason = (typeof DECISION_REASONS)[number]

/** Why, of what only those that enforce it know. */
const ENFORCEMENT_REASONS = [
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
export type EnforcementReason = (typeof ENFORCEMENT_REASONS)[number]

/** Every member is documented in docs/reference/reasons.md. */
export const REASONS: readonly Reason[] = [...DECISION_REASONS, ...ENFORCEMENT_REASONS]
export type Reason = DecisionReason | EnforcementReason

type Decided<Why> = {
  /** The earliest rule that could be the deciding one; `null` is the default. */
  readonly rule: string | null
  readonly layer: string
  readonly mode: Mode
  readonly stage: Stage
  readonly reason: Why
  readonly explain: string
}

type Denied<Why> = Decided<Why> & { readonly verdict: 'deny'; readonly how: DenyKind }

export type Verdict =
  | (Decided<DecisionReason> & { readonly verdict: 'allow' })
  | Denied<DecisionReason>
  | (Decided<DecisionReason> & { readonly verdict: 'undetermined'; readonly needs: readonly string[] })

/** A refusal beside the policy. */
export type EnforcementDenial = Denied<EnforcementReason>
export type EnforcedVerdict = Verdict | EnforcementDenial
