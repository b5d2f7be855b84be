import type { QueryRecord } from '@sallyport/dns'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import { parseDomainName, suffixes, type DomainName } from '@sallyport/net'

/** A look-up that was refused, or would have been: the flow that never came to be; or one that says more than its name. */
export function flowOfLookUp(record: QueryRecord, verdict: Omit<RecordedVerdict, 'stage'>): FlowRecord {
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
