import { flowFacts, parseFlow, REASONS, STAGES, formatPath, type Flow } from '@sallyport/policy'
import type { RecordedVerdict } from '@sallyport/flow'
import * as z from 'zod'

/** A flow of the past: its facts, and what became of it. */
export type StoredFlow = { readonly flow: Flow; readonly verdict: RecordedVerdict | null }

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
  const { verdict: said, ...facts } = value as { readonly verdict?: unknown }
  const flow = parseFlow(facts)
  if (flow instanceof Array) {
    return { problem: flow.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ') }
  }
  if (said === undefined || said === null) return { flow, verdict: null }
  const verdict = VerdictSchema.safeParse(said)
  if (verdict.success) return { flow, verdict: verdict.data }
  return { problem: `verdict: ${verdict.error.issues[0]?.message ?? 'not a verdict'}` }
}

const COUNTERS = ['bytesOut', 'bytesIn', 'packetsOut', 'packetsIn', 'durationMs'] as const

/** The facts that a policy decides by, apart from the time: equal text, equal verdict. */
export function decidingFacts(flow: Flow): string {
  const facts = Object.entries(flowFacts(flow)).filter(
    ([key]) => key !== 'time' && !(COUNTERS as readonly string[]).includes(key),
  )
  return JSON.stringify(Object.fromEntries(facts.toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

/** A line of JSONEachRow for the table `flows`. */
export function encodeRow({ flow, verdict }: StoredFlow, batch: string, seq: number, nowMs: number): string {
  const { src, dst } = flowFacts(flow) as { readonly src?: string | null; readonly dst?: string | null }
  const names = [...new Set([...(flow.domain ? [flow.domain] : []), ...(flow.boundNames ?? [])])]
  const row = {
    time: new Date(flow.time ?? nowMs).toISOString(),
    batch,
    seq,
    device: flow.device ?? '',
    user: flow.user ?? '',
    app: flow.app ?? '',
    unit: flow.unit ?? '',
    container: flow.container ?? '',
    src: mapped(src),
    dst: mapped(dst),
    port: flow.port ?? null,
    transport: flow.transport ?? '',
    names,
    protocol: flow.protocol ?? '',
    country: flow.country ?? '',
    asn: flow.asn ?? null,
    ...Object.fromEntries(COUNTERS.map((counter) => [counter, flow[counter] ?? null])),
    ...(verdict === null ? {} : { ...verdict, rule: verdict.rule ?? '' }),
    facts: decidingFacts(flow),
  }
  return `${JSON.stringify(row)}\n`
}

/** ClickHouse's IPv6 holds an IPv4 address as IPv4-mapped. */
function mapped(address: string | null | undefined): string | null {
  if (address === undefined || address === null) return null
  return address.includes(':') ? address : `::ffff:${address}`
}
