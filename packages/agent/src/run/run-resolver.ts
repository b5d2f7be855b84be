import type { Binding, ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { AskedPolicy } from './asked-policy.ts'
import { startOnLoopback, type LoopbackForwarder } from './local-forwarder.ts'
import { nameJudgement } from './name-judgement.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  readonly service: ForwarderService
  readonly seesHandshakes: boolean
  readonly bind: (bindings: readonly Binding[]) => void
  readonly onFlow: (record: FlowRecord) => void
  readonly onWarning: (text: string) => void
}

/** The resolver that all look-ups of the command are turned to. */
export function startRunResolver({
  asked,
  service,
  seesHandshakes,
  bind,
  onFlow,
  onWarning,
}: Options): Promise<LoopbackForwarder> {
  const judgement = nameJudgement({
    asked,
    recorded: () => ({}),
    refusal: { kind: 'refused' },
    seesHandshakes,
    onFlow,
    onWarning,
  })
  return startOnLoopback({ ...service, bind, ...judgement })
}
