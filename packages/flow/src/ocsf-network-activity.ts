import { hasLeft, type FlowRecord } from './flow-record.ts'

/** What OCSF events say of whoever writes them. */
export type Product = { readonly name: string; readonly version: string }

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
  const endMs = typeof record.durationMs === 'number' ? startMs + record.durationMs : null
  const name = record.domain ?? record.boundNames?.[0]
  return compact({
    activity_id: activity,
    category_uid: 4,
    class_uid: CLASS,
    type_uid: CLASS * 100 + activity,
    severity_id: 1,
    time: activity === CLOSE && endMs !== null ? endMs : startMs,
    start_time: startMs,
    end_time: endMs,
    duration: record.durationMs,
    action_id: left ? 1 : 2,
    disposition_id: left ? 1 : 2,
    status_id: left ? 1 : 2,
    message: record.verdict.explain,
    metadata: {
      version: '1.3.0',
      profiles: ['host', 'security_control'],
      product: { name: product.name, vendor_name: product.name, version: product.version },
      correlation_uid: record.id,
    },
    src_endpoint: {
      ip: record.src,
      hostname: record.device,
      container: record.container && { name: record.container },
    },
    dst_endpoint: {
      ip: record.dst,
      port: record.port,
      hostname: name,
      location: record.country && { country: record.country },
      autonomous_system: record.asn === undefined ? null : { number: record.asn },
    },
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
    actor: {
      user: record.user && { name: record.user, groups: record.groups?.map((group) => ({ name: group })) },
      process: record.app && { file: fileOf(record.app), parent_process: parentsOf(record.parents ?? []) },
    },
    firewall_rule: record.verdict.rule && {
      uid: record.verdict.rule,
      name: record.verdict.rule,
      type: record.verdict.layer,
    },
    unmapped: {
      mode: record.verdict.mode,
      stage: record.verdict.stage,
      reason: record.verdict.reason,
      unit: record.unit,
    },
  })
}

function parentsOf([nearest, ...above]: readonly string[]): object | null {
  return nearest === undefined ? null : { file: fileOf(nearest), parent_process: parentsOf(above) }
}

/** A regular file of OCSF's list of types. */
function fileOf(path: string): object {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), type_id: 1 }
}

/** Without what is not known: OCSF has no null. An object of nothing goes too. */
function compact(value: object): object {
  const kept = Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    if (each === null || each === undefined || each === '') return []
    if (typeof each !== 'object' || Array.isArray(each)) return [[key, each] as const]
    const inner = compact(each)
    return Object.keys(inner).length === 0 ? [] : [[key, inner] as const]
  })
  return Object.fromEntries(kept)
}
