import type { CompiledPolicy } from '@sallyport/compile'
import { judgeName, type QueryRecord } from '@sallyport/dns'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { parseDomainName, suffixes, type DomainName } from '@sallyport/net'
import type { Flow, Reason, Verdict } from '@sallyport/policy'

type LookUpVerdict = Omit<RecordedVerdict, 'stage'>

/** A look-up that was refused, would have been, or is one of a tunnel; `null` where it asks for no name. `facts` are those of who asks. */
export function recordedLookUp(record: QueryRecord, compiled: CompiledPolicy, facts: Flow): FlowRecord | null {
  const { name } = record
  return name === null ? null : flowOfLookUp(record, lookUpVerdict(record, judgeName(compiled, name, facts)))
}

function lookUpVerdict(record: QueryRecord, ofName: Verdict): LookUpVerdict {
  const { verdict, rule, layer, mode, reason, explain } = ofName
  if (verdict === 'deny') return { verdict, rule, layer, mode, reason, explain }
  if (record.outcome !== 'refused') return { verdict: 'allow', rule, layer, mode, reason, explain }
  const refusing = record.verdict ?? { rule: null, explain: '', refusedFor: undefined }
  const why: Reason = refusing.rule === null ? (refusing.refusedFor ?? 'default') : 'rule'
  return { verdict: 'deny', rule: refusing.rule, layer, mode, reason: why, explain: refusing.explain }
}

/** The flow that never came to be, or the look-up that says more than its name. */
export function flowOfLookUp(record: QueryRecord, verdict: LookUpVerdict): FlowRecord {
  const domain = record.name === null ? null : nearestHostName(record.name)
  const { user, groups, app, unit } = record.subject ?? {}
  return {
    ...(user === undefined ? {} : { user }),
    ...(groups === undefined ? {} : { groups }),
    ...(app === undefined ? {} : { app }),
    ...(unit === undefined ? {} : { unit }),
    time: record.time.toISOString(),
    transport: record.transport === 'udp' ? 'udp' : 'tcp',
    domain,
    boundNames: domain === null ? [] : [domain],
    dst: null,
    protocol: 'dns',
    verdict: { ...verdict, stage: 'dns' },
  }
}

/** What carries data through look-ups asks for octets that no host name has: then the first name above it that is one. */
function nearestHostName(asked: DomainName): DomainName | null {
  for (const name of suffixes(asked)) {
    const hostName = parseDomainName(name)
    if (hostName !== null) return hostName
  }
  return null
}
