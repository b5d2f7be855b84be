import { readFile } from 'node:fs/promises'
import { upstreamsFromSystem, type Binding, type Endpoint } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { AskedPolicy } from './asked-policy.ts'
import { startOnLoopback, type LoopbackForwarder } from './local-forwarder.ts'
import { nameJudgement } from './name-judgement.ts'

type Options = {
  /** The one in force when it is asked. */
  readonly asked: () => AskedPolicy
  readonly upstreams: readonly Endpoint[]
  readonly seesHandshakes: boolean
  readonly bind: (bindings: readonly Binding[]) => void
  readonly onFlow: (record: FlowRecord) => void
  readonly onWarning: (text: string) => void
}

/** The resolver that all look-ups of the command are turned to. */
export async function startRunResolver({
  asked,
  upstreams: given,
  seesHandshakes,
  bind,
  onFlow,
  onWarning,
}: Options): Promise<LoopbackForwarder> {
  const upstreams = given.length > 0 ? given : await systemUpstreams()
  const judgement = nameJudgement({
    asked,
    recorded: () => ({}),
    refusal: { kind: 'refused' },
    seesHandshakes,
    onFlow,
    onWarning,
  })
  return startOnLoopback({ upstreams, bind, ...judgement })
}

async function systemUpstreams(): Promise<readonly Endpoint[]> {
  return upstreamsFromSystem(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
}
