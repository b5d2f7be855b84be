import { placeFacts, type FlowRecord, type Places, type RecordedVerdict } from '@sallyport/flow'
import { formatAddress, parseAddress, parseDomainName, type DomainName } from '@sallyport/net'
import { carriesName, protocolOf, type Protocol } from '@sallyport/policy'
import { reasonOfVerdict } from '../answers.ts'
import type { AccessRecord } from './access-record.ts'

/** A request, or a tunnel without requests that can be read, as the policy saw it; `null` where it did not get to say where to. */
export function flowOfAccess(record: AccessRecord, places: Places): FlowRecord | null {
  const verdict = recordedVerdict(record)
  if (record.host === null || verdict === null || record.opened) return null
  const host = parseAddress(record.host)
  const dst = (record.dst === null ? null : parseAddress(record.dst)) ?? host
  const { user, groups, app, unit, port, protocol } = record
  return {
    time: record.time.toISOString(),
    device: null,
    container: null,
    user,
    groups,
    app,
    unit,
    src: record.client.address,
    ...(dst === null ? {} : { dst: formatAddress(dst) }),
    ...placeFacts(dst, places),
    port,
    transport: 'tcp',
    domain: statedName(record) ?? (host === null ? record.host : null),
    boundNames: host === null ? [record.host] : [],
    ...(protocol === null ? {} : requestFacts(record, protocolOf(protocol))),
    bytesOut: record.bytesOut,
    bytesIn: record.bytesIn,
    durationMs: Math.round(record.durationMs),
    verdict,
  }
}

/** What the handshake of the tunnel says, where that is a name. */
function statedName({ serverName }: AccessRecord): DomainName | null {
  return serverName === null ? null : parseDomainName(serverName)
}

function requestFacts(record: AccessRecord, protocol: Protocol): Pick<FlowRecord, 'protocol' | 'http' | 'content'> {
  const { via, host, path, method, contentType, content } = record
  if (via === 'http' || via === 'tunnel')
    return { protocol, http: { host, path, method, contentType }, ...(content === null ? {} : { content }) }
  // What is inside TLS was not seen; elsewhere there is no request.
  return carriesName(protocol) ? { protocol } : { protocol, http: null, content: null }
}

/** What failed was allowed, as a connection is that its server refuses; `null` where nobody was asked. */
function recordedVerdict(record: AccessRecord): RecordedVerdict | null {
  const { outcome, verdict, mode, rule } = record
  const said = { layer: record.layer ?? '', stage: record.stage ?? 'request', explain: record.explain ?? '' }
  const reason = record.verdictReason ?? 'default'
  if (outcome !== 'denied') return verdict && mode && { verdict, mode, rule, reason, ...said }
  const refusedFor = record.reason && reasonOfVerdict(record.reason)
  return { verdict: 'deny', mode: 'enforce', rule, reason: refusedFor ?? reason, ...said }
}
