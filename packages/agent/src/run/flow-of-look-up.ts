import type { QueryRecord } from '@sallyport/dns'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'

/** A look-up that was refused, or would have been: the flow that never came to be; or one that says more than its name. */
export function flowOfLookUp(record: QueryRecord, verdict: Omit<RecordedVerdict, 'stage'>): FlowRecord {
  return {
    time: record.time.toISOString(),
    transport: record.transport === 'udp' ? 'udp' : 'tcp',
    domain: record.name,
    boundNames: record.name === null ? [] : [record.name],
    dst: null,
    protocol: 'dns',
    verdict: { ...verdict, stage: 'dns' },
  }
}
