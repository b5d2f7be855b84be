import type { Binding, ForwarderService } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { AskedPolicy } from './asked-policy.ts'
import { NOBODY_LOOKED_FOR, type LocalClientCounters } from '../host/local-clients.ts'
import { startOnLoopback, type LoopbackForwarder } from './local-forwarder.ts'
import { LocalAskers } from './local-askers.ts'
import { nameJudgement } from './name-judgement.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  readonly service: ForwarderService
  /** Whether those that ask are processes of this network namespace, which can be found. */
  readonly findsProcesses: boolean
  readonly bind: (bindings: readonly Binding[]) => void
  readonly onFlow: (record: FlowRecord) => void
  readonly onWarning: (text: string) => void
}

export type RunResolver = LoopbackForwarder & { readonly askers: () => LocalClientCounters }

/** The resolver that all look-ups of the command are turned to. */
export async function startRunResolver(options: Options): Promise<RunResolver> {
  const { asked, service, findsProcesses, bind, onFlow, onWarning } = options
  await using scope = new AsyncDisposableStack()
  let place: LoopbackForwarder | null = null
  const askers = findsProcesses ? scope.use(new LocalAskers({ asked, resolver: () => place })) : null
  const judgement = nameJudgement({
    asked,
    recorded: () => ({}),
    refusal: { kind: 'refused' },
    onFlow,
    onWarning,
    ...(askers === null ? {} : { whoAsks: (query, transport) => askers.whoAsks(query, transport) }),
  })
  const forwarder = scope.use(await startOnLoopback({ ...service, bind, ...judgement }))
  place = forwarder
  const all = scope.move()
  return {
    ...forwarder,
    askers: () => askers?.counters() ?? NOBODY_LOOKED_FOR,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
