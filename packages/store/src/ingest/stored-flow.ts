import { flowFacts, parseFlow, REASONS, STAGES, formatPath, schemaProblem, type Flow } from '@sallyport/policy'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import * as z from 'zod'
import { END_OF_TIME_MS, FLOW_ID, type RecordedFacts } from './flow-rows.ts'

/** A flow of the past: its facts, and what became of it. */
export type StoredFlow = {
  readonly flow: Flow
  readonly verdict: RecordedVerdict | null
  readonly about: Pick<FlowRecord, 'id' | 'ended' | 'parents'>
}

const AboutSchema = z.object({
  id: z.string().regex(FLOW_ID).optional(),
  ended: z.literal(true).optional(),
  parents: z.array(z.string()).optional(),
}) as z.ZodType<StoredFlow['about']>

const VerdictSchema = z.object({
  verdict: z.enum(['allow', 'deny', 'undetermined']),
  rule: z.string().nullable(),
  layer: z.string(),
  mode: z.enum(['enforce', 'monitor']),
  stage: z.enum(STAGES),
  reason: z.enum(REASONS),
  explain: z.string(),
})

/** One line of a flow log. A log of another tool has no verdict. */
export function parseStoredFlow(line: string): StoredFlow | { readonly problem: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'not a JSON object' }
  const { verdict: said, id, ended, parents, ...facts } = value as Readonly<Record<string, unknown>>
  const about = AboutSchema.safeParse({ id, ended, parents })
  if (!about.success) return { problem: schemaProblem(about.error) }
  const flow = parseFlow(facts)
  if (flow instanceof Array) {
    return { problem: flow.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ') }
  }
  if ((flow.time ?? 0) < 0 || (flow.time ?? 0) >= END_OF_TIME_MS) return { problem: 'time: before 1970 or after 2105' }
  if (said === undefined || said === null) return { flow, verdict: null, about: about.data }
  const verdict = VerdictSchema.safeParse(said)
  if (verdict.success) return { flow, verdict: verdict.data, about: about.data }
  return { problem: `verdict: ${verdict.error.issues[0]?.message ?? 'not a verdict'}` }
}

/** What the store keeps of it. */
export function recordedFacts({ flow, verdict, about }: StoredFlow): RecordedFacts {
  return { ...flowFacts(flow), verdict, ...about }
}
