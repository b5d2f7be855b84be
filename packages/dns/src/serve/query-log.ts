import { formatAddress } from '@sallyport/net'
import { rcodeName, typeName } from '@sallyport/wire'
import type { QueryRecord } from '../options.ts'

/** One line of the query log: JSON without a line break. */
export function queryLogLine(record: QueryRecord): string {
  const { time, client, transport, name, type, outcome, rcode, verdict, chain, addresses, cached, stale, upstream } =
    record
  const { tunnel } = record
  return JSON.stringify({
    event: 'query',
    time: time.toISOString(),
    client: client.address,
    transport,
    name,
    type: type === null ? null : typeName(type),
    outcome,
    rcode: rcodeName(rcode),
    verdict: verdict?.verdict ?? null,
    rule: verdict?.rule ?? null,
    explain: verdict?.explain ?? null,
    chain: chain.slice(1),
    addresses: addresses.map(formatAddress),
    cached,
    stale,
    upstream: upstream === null ? null : upstream.address,
    tunnel: tunnel === null ? null : { zone: tunnel.zone, reason: tunnel.reason },
    durationMs: Math.round(record.durationMs * 1000) / 1000,
  })
}
