import type { AccessRecord } from './access-record.ts'

const CLASS = 4002
const ACTIVITIES: Readonly<Record<string, readonly [number, string]>> = {
  CONNECT: [1, 'Connect'],
  DELETE: [2, 'Delete'],
  GET: [3, 'Get'],
  HEAD: [4, 'Head'],
  OPTIONS: [5, 'Options'],
  POST: [6, 'Post'],
  PUT: [7, 'Put'],
  TRACE: [8, 'Trace'],
}
const OTHER = [99, 'Other'] as const

/** HTTP Activity of OCSF 1.3 with the profiles Security Control and Host, as one line. */
export function ocsfLine(record: AccessRecord): string {
  const { outcome, mode, verdict } = record
  const [activity, activityName] = ACTIVITIES[record.method ?? ''] ?? OTHER
  const isDenied = outcome === 'denied'
  const isLoggedOnly = outcome === 'allowed' && mode === 'monitor' && verdict !== 'allow' && verdict !== null
  return JSON.stringify({
    class_uid: CLASS,
    class_name: 'HTTP Activity',
    category_uid: 4,
    category_name: 'Network Activity',
    activity_id: activity,
    activity_name: activityName,
    type_uid: CLASS * 100 + activity,
    type_name: `HTTP Activity: ${activityName}`,
    time: record.time.getTime(),
    duration: Math.round(record.durationMs),
    severity_id: isDenied ? 2 : 1,
    severity: isDenied ? 'Low' : 'Informational',
    action_id: isDenied ? 2 : 1,
    action: isDenied ? 'Denied' : 'Allowed',
    disposition_id: isDenied ? 2 : isLoggedOnly ? 17 : 1,
    disposition: isDenied ? 'Blocked' : isLoggedOnly ? 'Logged' : 'Allowed',
    status_id: outcome === 'allowed' ? 1 : 2,
    status: outcome === 'allowed' ? 'Success' : 'Failure',
    status_detail: record.reason ?? undefined,
    message: record.explain ?? undefined,
    metadata: {
      version: '1.3.0',
      uid: record.id,
      product: { name: 'Sallyport', vendor_name: 'Sallyport', feature: { name: 'proxy' } },
      profiles: ['security_control', 'host'],
    },
    actor: {
      user: record.user === null ? undefined : { name: record.user },
      process: record.app === null ? undefined : { file: { path: record.app, type_id: 1, name: baseName(record.app) } },
    },
    src_endpoint: { ip: record.client.address, port: record.client.port },
    dst_endpoint: {
      hostname: record.host ?? undefined,
      ip: record.dst ?? undefined,
      port: record.port ?? undefined,
    },
    firewall_rule:
      record.rule === null ? undefined : { uid: record.rule, name: record.rule, type: record.layer ?? undefined },
    http_request: {
      http_method: record.method ?? undefined,
      version: record.httpVersion ?? undefined,
      user_agent: record.userAgent ?? undefined,
      referrer: record.referer ?? undefined,
      url: {
        hostname: record.host ?? undefined,
        port: record.port ?? undefined,
        path: record.path ?? undefined,
        scheme: record.path === null ? undefined : record.inspected ? 'https' : 'http',
      },
    },
    http_response: { code: record.status ?? 0 },
    traffic: {
      bytes_out: record.bytesOut,
      bytes_in: record.bytesIn,
      bytes: record.bytesOut + record.bytesIn,
    },
    tls: record.serverName === null ? undefined : { sni: record.serverName, version: 'unknown' },
    unmapped: {
      via: record.via,
      protocol: record.protocol,
      ja4: record.ja4,
      unit: record.unit,
      verdict,
      mode,
      content: record.content,
      findings: record.findings,
      icap: record.icap,
      inspected: record.inspected,
      spared: record.spared,
    },
  })
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
