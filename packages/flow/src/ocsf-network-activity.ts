import { hasLeft, type FlowRecord } from './flow-record.ts'
import {
  compactOcsf,
  ocsfActor,
  ocsfClass,
  ocsfControl,
  ocsfEndpoint,
  ocsfMetadata,
  ocsfRule,
  type OcsfOutcome,
  type Product,
} from './ocsf-parts.ts'

const CLASS = 4001
const OPEN = 1
const CLOSE = 2
const REFUSE = 5
const OUTBOUND = 2
const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1 }

/** A flow as Network Activity of OCSF 1.3 (class 4001, profiles host and security_control). */
export function ocsfNetworkActivity(record: FlowRecord, product: Product): object {
  const left = hasLeft(record)
  const activity = record.ended === true ? CLOSE : left ? OPEN : REFUSE
  const startMs = Date.parse(record.time)
  const endMs = typeof record.durationMs === 'number' ? startMs + Math.round(record.durationMs) : null
  const name = record.domain ?? record.boundNames?.[0]
  const { verdict } = record
  return compactOcsf({
    ...ocsfClass(CLASS, activity),
    severity_id: 1,
    time: activity === CLOSE && endMs !== null ? endMs : startMs,
    start_time: startMs,
    end_time: endMs,
    duration: endMs === null ? null : endMs - startMs,
    ...ocsfControl(outcomeOf(record)),
    message: verdict.explain,
    metadata: ocsfMetadata(product, { correlation_uid: record.id }, record.container ? ['container'] : []),
    src_endpoint:
      record.src || record.device || record.container
        ? ocsfEndpoint({
            ip: record.src,
            hostname: record.device,
            container: record.container && { name: record.container },
          })
        : null,
    dst_endpoint: ocsfEndpoint({
      ip: record.dst,
      hostname: name,
      port: record.port,
      location: record.country && { country: record.country },
      autonomous_system: record.asn === undefined ? null : { number: record.asn },
    }),
    connection_info: {
      uid: record.id,
      direction_id: OUTBOUND,
      protocol_name: record.transport,
      protocol_num: PROTOCOL_NUMBERS[record.transport ?? ''],
    },
    app_name: record.protocol,
    traffic: {
      bytes_out: record.bytesOut,
      bytes_in: record.bytesIn,
      packets_out: record.packetsOut,
      packets_in: record.packetsIn,
    },
    actor: ocsfActor(record),
    firewall_rule: ocsfRule(verdict.rule, verdict.layer),
    unmapped: {
      mode: verdict.mode,
      stage: verdict.stage,
      reason: verdict.reason,
      unit: record.unit,
    },
  })
}

function outcomeOf(record: FlowRecord): OcsfOutcome {
  if (record.verdict.verdict === 'allow') return 'allowed'
  return hasLeft(record) ? 'logged' : 'denied'
}
