import {
  compactOcsf,
  ocsfActor,
  ocsfClass,
  ocsfControl,
  ocsfEndpoint,
  ocsfMetadata,
  ocsfRule,
  type OcsfOutcome,
} from '@sallyport/flow'
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
const OTHER = 99

const PRODUCT = { name: 'Sallyport', feature: { name: 'proxy' } } as const

/** HTTP Activity of OCSF 1.3 with the profiles Security Control and Host, as one line. */
export function ocsfLine(record: AccessRecord): string {
  // What has no number is said in the words of the source.
  const [activity, activityName] = ACTIVITIES[record.method ?? ''] ?? [OTHER, record.method ?? record.via]
  const outcome = outcomeOf(record)
  const isDenied = outcome === 'denied'
  return JSON.stringify({
    // The class requires it, also of what could not be read.
    http_request: {},
    ...compactOcsf({
      ...ocsfClass(CLASS, activity),
      class_name: 'HTTP Activity',
      category_name: 'Network Activity',
      activity_name: activityName,
      type_name: `HTTP Activity: ${activityName}`,
      time: record.time.getTime(),
      duration: Math.round(record.durationMs),
      severity_id: isDenied ? 2 : 1,
      severity: isDenied ? 'Low' : 'Informational',
      ...ocsfControl(outcome),
      status_detail: record.reason,
      message: record.explain,
      metadata: ocsfMetadata(PRODUCT, { uid: record.id }),
      actor: ocsfActor(record),
      src_endpoint: { ip: record.client.address, port: record.client.port },
      dst_endpoint: ocsfEndpoint({
        ...endOf(record.host),
        ...(record.dst === null ? {} : { ip: record.dst }),
        port: record.port,
      }),
      ja4_fingerprint_list: record.ja4 === null ? null : [{ type_id: 1, type: 'JA4', value: record.ja4 }],
      firewall_rule: ocsfRule(record.rule, record.layer),
      http_request: {
        http_method: record.method,
        version: record.httpVersion,
        user_agent: record.userAgent,
        referrer: record.referer,
        url: urlOf(record),
      },
      http_response: { code: record.status ?? 0 },
      traffic: {
        bytes_out: record.bytesOut,
        bytes_in: record.bytesIn,
        bytes: record.bytesOut + record.bytesIn,
      },
      tls: record.serverName === null ? null : { sni: record.serverName, version: 'unknown' },
      unmapped: {
        via: record.via,
        protocol: record.protocol,
        unit: record.unit,
        verdict: record.verdict,
        mode: record.mode,
        content: record.content,
        findings: record.findings,
        icap: record.icap,
        inspected: record.inspected,
        spared: record.spared,
      },
    }),
  })
}

function outcomeOf({ outcome, mode, verdict }: AccessRecord): OcsfOutcome {
  const isLoggedOnly = outcome === 'allowed' && mode === 'monitor' && verdict !== 'allow' && verdict !== null
  return isLoggedOnly ? 'logged' : outcome
}

/** A name of OCSF has no colons, and an address is none. */
function endOf(host: string | null): { readonly hostname?: string; readonly ip?: string } {
  if (host === null) return {}
  return /:|^[\d.]+$/.test(host) ? { ip: host } : { hostname: host }
}

/** A URL must have a path, or be written out. */
function urlOf({ host, port, path, inspected }: AccessRecord): object | null {
  const isSix = host?.includes(':') === true
  if (path !== null) return { hostname: isSix ? null : host, port, path, scheme: inspected ? 'https' : 'http' }
  return host === null ? null : { url_string: `${isSix ? `[${host}]` : host}:${port}`, port }
}
