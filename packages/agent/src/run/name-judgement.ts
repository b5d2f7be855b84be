import { judgeName, LAST_POINT, type Endpoint, type ForwarderOptions, type QueryRecord } from '@sallyport/dns'
import type { FlowRecord, RecordedVerdict } from '@sallyport/flow'
import type { AskedPolicy } from './asked-policy.ts'
import { flowOfRefusedName } from './refused-name.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  /** What flow records have of who asks. */
  readonly recorded: (client: Endpoint) => Partial<FlowRecord>
  /** Unless the policy says how. */
  readonly refusal: NonNullable<AskedPolicy['settings']['refusal']>
  readonly onFlow: (record: FlowRecord) => void
}

type Judgement = Pick<ForwarderOptions, 'refusal' | 'settings' | 'judge' | 'judgeAlias' | 'judgeAnswer' | 'onQuery'>

/** The policy as a resolver asks it whose answers alone decide; what it refuses is recorded. */
export function nameJudgement({ asked, recorded, refusal, onFlow }: Options): Judgement & object {
  return {
    refusal: () => asked().settings.refusal ?? refusal,
    settings: () => asked().answering,
    judge: (query) => asked().judge.judge(query),
    judgeAlias: (query, alias) => asked().judge.judgeAlias(query, alias),
    judgeAnswer: (query, address) => asked().judge.judgeAnswer(query, address),
    onQuery: (record) => {
      const verdict = refusedBy(asked(), record)
      if (verdict !== null) onFlow({ ...recorded(record.client), ...flowOfRefusedName(record, verdict) })
    },
  }
}

function refusedBy({ compiled, subjectOf }: AskedPolicy, record: QueryRecord): Omit<RecordedVerdict, 'stage'> | null {
  if (record.outcome !== 'refused' || record.name === null) return null
  const facts = { ...LAST_POINT, ...subjectOf(record.client) }
  const { verdict, rule, layer, mode, reason, explain } = judgeName(compiled, record.name, facts)
  if (verdict === 'deny') return { verdict, rule, layer, mode, reason, explain }
  const refusing = record.verdict ?? { rule: null, explain: '', refusedFor: undefined }
  return {
    verdict: 'deny',
    rule: refusing.rule,
    layer,
    mode,
    reason: refusing.rule === null ? (refusing.refusedFor ?? 'default') : 'rule',
    explain: refusing.explain,
  }
}
