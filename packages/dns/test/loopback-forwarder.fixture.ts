import { formatAddress } from '@sallyport/net'
import type { ForwarderOptions, NameVerdict, QueryRecord } from '../src/options.ts'
import { startForwarder, type Forwarder } from '../src/start-forwarder.ts'
import type { LoopbackUpstream } from './loopback-upstream.fixture.ts'

export const ALLOW: NameVerdict = { verdict: 'allow', rule: 'web', explain: 'allowed' }
export const DENY: NameVerdict = { verdict: 'deny', rule: 'no-c2', explain: 'in a feed' }

export type Observed = Forwarder & { readonly bound: string[]; readonly records: QueryRecord[] }

/** For servers that stay silent; on a busy machine one that answers may take longer than this. */
export const SHORT_TIMEOUTS = { attemptMs: 200, totalMs: 1000 } as const

/** A forwarder that allows all and writes down what it binds as `name address ttl`. */
export async function observedForwarder(
  upstreams: readonly LoopbackUpstream[],
  options: Partial<ForwarderOptions> = {},
): Promise<Observed> {
  const bound: string[] = []
  const records: QueryRecord[] = []
  const forwarder = await startForwarder({
    listen: [{ address: '127.0.0.1', port: 0 }],
    upstreams: upstreams.map((upstream) => upstream.endpoint),
    judge: () => ALLOW,
    bind: (bindings) => {
      for (const { name, address, ttlSeconds } of bindings)
        bound.push(`${name} ${formatAddress(address)} ${ttlSeconds}`)
    },
    refusal: { kind: 'refused' },
    onQuery: (record) => records.push(record),
    timeouts: { attemptMs: 3000, totalMs: 7000 },
    ...options,
  })
  return Object.assign(forwarder, { bound, records })
}
