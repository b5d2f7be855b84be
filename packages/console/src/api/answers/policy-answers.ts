import * as z from 'zod'
import type { Completion } from '../complete-policy.ts'
import type { DraftedRule } from '../draft-rule.ts'
import type { HeldPolicy } from '../policy-in-force.ts'
import type { RuleUse } from '../rule-use.ts'

const Mode = z.enum(['monitor', 'enforce'])
const Files = z.array(z.strictObject({ file: z.string(), text: z.string() }))
const text = z.string().nullable()
const Position = z.strictObject({ file: z.string(), line: z.int(), column: z.int() })
const Verdict = z.enum(['allow', 'deny', 'undetermined'])
const head = { version: z.int(), author: z.string(), reason: z.string(), createdMs: z.number(), mode: Mode }

export const HeldPolicyAnswer: z.ZodType<HeldPolicy> = z.strictObject({
  version: z.int().nullable(),
  mode: Mode,
  files: Files,
})
export const ListedVersionAnswer: z.ZodType = z.strictObject({ ...head, inForce: z.boolean() })
export const VersionAnswer: z.ZodType = z.strictObject({
  ...head,
  files: Files,
  diff: z.string().describe('From the version before, as a unified diff.'),
})

const Problem = z.strictObject({
  code: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.int(),
  column: z.int(),
  path: z.array(z.union([z.string(), z.int()])),
  found: z.string(),
  allowed: z.array(z.string()),
  nearest: text,
})
const Finding = z.strictObject({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  rule: text,
  message: z.string(),
  position: Position.nullable(),
  related: z.array(z.string()),
})
const PolicyTest = z.strictObject({ passed: z.boolean(), position: Position, expect: z.string(), explain: z.string() })
export const CheckAnswer: z.ZodType = z.strictObject({
  ok: z.boolean(),
  problems: z.array(Problem),
  findings: z.array(Finding),
  tests: z.array(PolicyTest),
})

const ChangedFlows = z.strictObject({
  change: z.enum(['blocked', 'allowed', 'undetermined']),
  rule: text,
  layer: z.string(),
  destination: z.string(),
  port: z.string(),
  flows: z.int(),
  firstMs: z.number(),
  lastMs: z.number(),
  apps: z.array(z.string()),
  users: z.array(z.string()),
  explain: z.string(),
  needs: z.array(z.string()),
})
export const SimulationAnswer: z.ZodType = z.strictObject({
  flows: z.int(),
  distinct: z.int().describe('Sets of flows that the policy does not tell apart, each decided once.'),
  unchanged: z.int(),
  changed: z.strictObject({ blocked: z.int(), allowed: z.int(), undetermined: z.int() }),
  groups: z.array(ChangedFlows),
  overflow: z.int().describe('Flows that changed and found no place in a group.'),
  unreadable: z.int(),
})

const LearnedFrom = z.strictObject({
  destination: z.string(),
  seen: z.array(z.string()),
  seenCount: z.int(),
  flows: z.int(),
})
export const LearnedAnswer: z.ZodType = z.strictObject({
  text: z.string(),
  covered: z.int(),
  unreadable: z.int(),
  rules: z.array(
    z.strictObject({
      rule: z.string(),
      flows: z.int(),
      firstMs: z.number(),
      lastMs: z.number(),
      destinations: z.array(LearnedFrom),
    }),
  ),
  leftOut: z.array(z.strictObject({ reason: z.string(), destination: z.string(), port: z.string(), flows: z.int() })),
})

export const CompletionAnswer: z.ZodType<Completion> = z.strictObject({
  from: z.int().describe('Where the word begins that an option takes the place of.'),
  options: z.array(z.string()),
})
const Decided = z.strictObject({ verdict: Verdict, rule: text })
export const DiffAnswer: z.ZodType = z.strictObject({
  text: z.string(),
  regions: z
    .array(
      z.strictObject({
        description: z.string(),
        before: Decided,
        after: Decided,
        witness: z.record(z.string(), z.unknown()).describe('A flow of the region, as its facts.'),
      }),
    )
    .nullable(),
  problem: text,
})
export const DraftedRuleAnswer: z.ZodType<DraftedRule> = z.strictObject({ files: Files, rule: z.string() })
export const RuleUseAnswer: z.ZodType<RuleUse> = z.strictObject({
  rule: text.describe('Null: what no rule matched.'),
  layer: text,
  action: z.string(),
  use: z.enum(['used', 'unused', 'gone']),
  flows: z.int(),
  denied: z.int(),
  lastSeen: text,
  until: text,
  reason: text,
  line: z.int().nullable(),
})
