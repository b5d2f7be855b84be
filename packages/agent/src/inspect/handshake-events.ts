import type { FlowRecord } from '@sallyport/flow'
import { cookieOf, targetOf, type KernelEvent } from '@sallyport/kernel'
import type { JudgedHandshake } from './handshake-guard.ts'

/** A flow that its handshake decided, as if the kernel had decided it at `connect`. */
export function eventOfHandshake({ key, ticket, verdict }: JudgedHandshake): KernelEvent {
  const { addr, port, ipproto } = targetOf(key)
  return {
    timeNs: ticket.sinceNs,
    pid: ticket.pid,
    tgid: ticket.tgid,
    uid: ticket.uid,
    verdict: verdict?.verdict ?? 'undetermined',
    mode: verdict?.mode ?? 'enforce',
    how: verdict?.verdict === 'deny' ? verdict.how : 'reject',
    hook: 'connect',
    family: 0,
    ipproto,
    port,
    addr,
    ruleIndex: null,
    limit: null,
    generation: ticket.generation,
    cgroup: ticket.cgroup,
    exeDev: ticket.exeDev,
    exeIno: ticket.exeIno,
    comm: ticket.comm,
    nameClass: null,
    cookie: cookieOf(key),
    parentTgid: 0,
  }
}

/** What the handshake adds to the record of a flow. */
export function withHandshake(
  record: FlowRecord,
  { facts, verdict }: Pick<JudgedHandshake, 'facts' | 'verdict'>,
): FlowRecord {
  const { protocol, domain } = facts
  if (verdict === null) return { ...record, protocol, domain }
  const { layer, rule, mode, stage, reason, explain } = verdict
  const outcome = verdict.verdict === 'allow' ? 'allow' : 'deny'
  return { ...record, protocol, domain, verdict: { verdict: outcome, rule, layer, mode, stage, reason, explain } }
}
