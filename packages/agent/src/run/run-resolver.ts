import { readFile } from 'node:fs/promises'
import type { CompiledPolicy } from '@sallyport/compile'
import {
  judgeName,
  judgePrivateAddress,
  LAST_POINT,
  upstreamsFromSystem,
  type Binding,
  type Endpoint,
  type NameVerdict,
  type QueryRecord,
} from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import { startOnLoopback, type LoopbackForwarder } from './loopback-forwarder.ts'
import { flowOfRefusedName } from './refused-name.ts'

const ALLOWED: NameVerdict = { verdict: 'allow', rule: null, explain: '' }

type Options = {
  /** The one in force when it is asked. */
  readonly compiled: () => CompiledPolicy
  readonly upstreams: readonly Endpoint[]
  readonly bind: (bindings: readonly Binding[]) => void
  readonly onFlow: (record: FlowRecord) => void
}

/** The resolver that all look-ups of the command are turned to. */
export async function startRunResolver({
  compiled,
  upstreams: given,
  bind,
  onFlow,
}: Options): Promise<LoopbackForwarder> {
  const upstreams = given.length > 0 ? given : await systemUpstreams()
  return startOnLoopback({
    upstreams,
    refusal: { kind: 'refused' },
    judge: ({ name }): NameVerdict => {
      const { verdict, rule, explain, mode } = judgeName(compiled(), name, LAST_POINT)
      return { verdict: mode === 'monitor' ? 'allow' : verdict, rule, explain }
    },
    judgeAnswer: ({ name }, address) => judgePrivateAddress(compiled(), name, address, LAST_POINT) ?? ALLOWED,
    bind,
    onQuery: (record) => {
      const refused = refusedFlow(compiled(), record)
      if (refused !== null) onFlow(refused)
    },
  })
}

async function systemUpstreams(): Promise<readonly Endpoint[]> {
  return upstreamsFromSystem(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
}

function refusedFlow(compiled: CompiledPolicy, record: QueryRecord): FlowRecord | null {
  if (record.outcome !== 'refused' || record.name === null) return null
  const { verdict, rule, layer, mode, reason, explain } = judgeName(compiled, record.name, LAST_POINT)
  if (verdict === 'deny') return flowOfRefusedName(record, { verdict, rule, layer, mode, reason, explain })
  const because = record.verdict?.explain ?? 'refused by the resolver'
  return flowOfRefusedName(record, {
    verdict: 'deny',
    rule: null,
    layer,
    mode,
    reason: 'private-address',
    explain: because,
  })
}
