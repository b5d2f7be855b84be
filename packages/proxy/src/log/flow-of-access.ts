import { placeFacts, type FlowRecord, type Places, type RecordedVerdict } from '@sallyport/flow'
import { formatAddress, parseAddress, parseDomainName, type DomainName } from '@sallyport/net'
import { carriesName, protocolOf, type Protocol } from '@sallyport/policy'
import { reasonOfVerdict } from '../answers.ts'
import type { AccessRecord } from './access-record.ts'

type Draft = { -readonly [Key in keyof FlowRecord]: FlowRecord[Key] }

/** A request, or a tunnel without requests that can be read, as the policy saw it; `null` where it did not get to say where to. */
export function flowOfAccess(record: AccessRecord, places: Places): FlowRecord | null {
  const verdict = recordedVerdict(record)
  if (record.host === null || verdict === null || record.opened) return null
  const host = parseAddress(record.host)
  const isHost = record.dst === null || record.dst === record.host
  const dst = isHost ? host : (parseAddress(record.dst!) ?? host)
  const { user, groups, app, unit, port, protocol } = record
  const flow: Draft = {
    time: record.time.toISOString(),
    device: null,
    container: null,
    user,
    groups,
    app,
    unit,
    src: record.client.address,
    port,
    transport: 'tcp',
    domain: statedName(record) ?? (host === null ? record.host : null),
    boundNames: host === null ? [record.host] : [],
    bytesOut: record.bytesOut,
    bytesIn: record.bytesIn,
    durationMs: Math.round(record.durationMs),
    verdict,
  }
  if (dst !== null) {
    flow.dst = formatAddress(dst)
    addPlace(flow, placeFacts(dst, places))
  }
  if (protocol !== null) addRequest(flow, record, protocolOf(protocol))
  return flow
}

/** What the handshake of the tunnel says, where that is a name. */
function statedName({ serverName }: AccessRecord): DomainName | null {
  return serverName === null ? null : parseDomainName(serverName)
}

function addPlace(flow: Draft, { country, asn }: Pick<FlowRecord, 'country' | 'asn'>): void {
  if (country !== undefined) flow.country = country
  if (asn !== undefined) flow.asn = asn
}

function addRequest(flow: Draft, record: AccessRecord, protocol: Protocol): void {
  const { via, host, path, method, contentType, content } = record
  flow.protocol = protocol
  if (via === 'http' || via === 'tunnel') {
    flow.http = { host, path, method, contentType }
    if (content !== null) flow.content = content
  } else if (!carriesName(protocol)) {
    // What is inside TLS was not seen; elsewhere there is no request.
    flow.http = null
    flow.content = null
  }
}

/** What failed was allowed, as a connection is that its server refuses; `null` where nobody was asked. */
function recordedVerdict(record: AccessRecord): RecordedVerdict | null {
  const { outcome, verdict, mode, rule } = record
  const layer = record.layer ?? ''
  const stage = record.stage ?? 'request'
  const explain = record.explain ?? ''
  const given = record.verdictReason ?? 'default'
  if (outcome !== 'denied') return verdict && mode && { verdict, mode, rule, reason: given, layer, stage, explain }
  const reason = (record.reason && reasonOfVerdict(record.reason)) ?? given
  return { verdict: 'deny', mode: 'enforce', rule, reason, layer, stage, explain }
}
