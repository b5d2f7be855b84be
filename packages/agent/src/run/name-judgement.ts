import {
  LAST_POINT,
  policyNameSets,
  tunnelNote,
  upstreamNote,
  type Endpoint,
  type ForwarderOptions,
} from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { AskedPolicy } from './asked-policy.ts'
import { recordedLookUp } from './recorded-look-up.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  /** What flow records have of who asks. */
  readonly recorded: (client: Endpoint) => Partial<FlowRecord>
  /** Unless the policy says how. */
  readonly refusal: NonNullable<AskedPolicy['settings']['refusal']>
  readonly onFlow: (record: FlowRecord) => void
  readonly onWarning: (text: string) => void
  /** Finds the process that asks; where it is missing, the address is all that is known. */
  readonly whoAsks?: ForwarderOptions['whoAsks']
}

type Judgement = Pick<
  ForwarderOptions,
  | 'whoAsks'
  | 'refusal'
  | 'settings'
  | 'judge'
  | 'judgeAlias'
  | 'judgeAnswer'
  | 'needsName'
  | 'nameSets'
  | 'onUpstream'
  | 'onTunnel'
  | 'onNotable'
>

/** The policy as a resolver asks it whose answers alone decide; what it refuses, and what belongs to a tunnel, is recorded. */
export function nameJudgement(options: Options): Judgement & object {
  const { asked, recorded, refusal, onFlow, onWarning, whoAsks } = options
  const sets = policyNameSets(() => asked().compiled, Date.now)
  return {
    refusal: () => asked().settings.refusal ?? refusal,
    settings: () => asked().answering,
    ...(whoAsks === undefined ? {} : { whoAsks }),
    judge: (query) => asked().judge.judge(query),
    judgeAlias: (query, alias) => asked().judge.judgeAlias(query, alias),
    judgeAnswer: (query, address) => asked().judge.judgeAnswer(query, address),
    needsName: (query) => asked().judge.needsName(query),
    onUpstream: (state) => onWarning(upstreamNote(state)),
    onTunnel: (sign) => onWarning(tunnelNote(sign)),
    // Names are alike only where it does not matter who asks.
    nameSets: { ...sets, findWire: (bytes, start) => (asked().asksWho ? -1 : sets.findWire(bytes, start)) },
    onNotable: (record) => {
      const { compiled, subjectOf } = asked()
      const facts = { ...LAST_POINT, ...subjectOf(record.client), ...record.subject }
      const flow = recordedLookUp(record, compiled, facts)
      if (flow !== null) onFlow({ ...recorded(record.client), ...flow })
    },
  }
}
