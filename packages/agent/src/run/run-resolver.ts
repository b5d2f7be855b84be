import { readFile } from 'node:fs/promises'
import {
  judgeName,
  LAST_POINT,
  upstreamsFromSystem,
  type Binding,
  type Endpoint,
  type QueryRecord,
} from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { CompiledPolicy } from '@sallyport/compile'
import type { AskedPolicy } from './asked-policy.ts'
import { startOnLoopback, type LoopbackForwarder } from './loopback-forwarder.ts'
import { flowOfRefusedName } from './refused-name.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  readonly upstreams: readonly Endpoint[]
  readonly bind: (bindings: readonly Binding[]) => void
  readonly onFlow: (record: FlowRecord) => void
}

/** The resolver that all look-ups of the command are turned to. */
export async function startRunResolver({ asked, upstreams: given, bind, onFlow }: Options): Promise<LoopbackForwarder> {
  const upstreams = given.length > 0 ? given : await systemUpstreams()
  return startOnLoopback({
    upstreams,
    refusal: () => asked().settings.refusal ?? { kind: 'refused' },
    settings: () => asked().answering,
    judge: (query) => asked().judge.judge(query),
    judgeAlias: (query, alias) => asked().judge.judgeAlias(query, alias),
    judgeAnswer: (query, address) => asked().judge.judgeAnswer(query, address),
    bind,
    onQuery: (record) => {
      const refused = refusedFlow(asked().compiled, record)
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
  const refusing = record.verdict ?? { rule: null, explain: '', refusedFor: undefined }
  return flowOfRefusedName(record, {
    verdict: 'deny',
    rule: refusing.rule,
    layer,
    mode,
    reason: refusing.rule === null ? (refusing.refusedFor ?? 'default') : 'rule',
    explain: refusing.explain,
  })
}
