import type { FlowRecord } from '@sallyport/flow'
import type { HandshakeFacts } from '@sallyport/inspect'
import { parseFlow, type Flow, type Verdict } from '@sallyport/policy'
import { withHandshake } from './handshake-events.ts'
import { judgeHandshake } from './judge-handshake.ts'

/** The rules under which the flow began; null when they are so old that nobody knows. */
export type SeenRules = { decide(flow: Flow, lastStage: 'content'): Verdict } | null

/**
 * The record of a flow that nothing held back, with what its first octets say. What enforcement decided stays as it was; of a flow
 * that is only watched, what it would have decided.
 */
export function withFirstOctets(record: FlowRecord, facts: HandshakeFacts, rules: SeenRules): FlowRecord {
  const seen = withHandshake(record, { facts, verdict: null })
  // What is missing of a hello may have found no room here, and reached its server.
  if (record.verdict.mode !== 'monitor' || rules === null || facts.problem === 'incomplete-handshake') return seen
  const { id: _id, parents: _parents, verdict: _verdict, domain: _domain, protocol: _protocol, ...told } = record
  const flow = parseFlow(told)
  if (flow instanceof Array) return seen
  const decide = (handshake: Flow): Verdict => rules.decide({ ...flow, ...handshake }, 'content')
  const verdict = judgeHandshake(decide, facts, flow.boundNames ?? [])
  // A fact is missing that was known in the kernel; or what would have stopped it is enforced, and did not.
  if (verdict.verdict === 'undetermined' || (verdict.verdict === 'deny' && verdict.mode === 'enforce')) return seen
  return withHandshake(record, { facts, verdict })
}
