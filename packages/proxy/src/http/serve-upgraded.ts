import type { Flow } from '@sallyport/policy'
import { fieldValues, type RequestHead, type ResponseHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { guardWebSocket, type JudgeMessage } from '../content/guard-websocket.ts'
import { addFindings, type Finding } from '../content/findings.ts'
import type { ContentScan } from '../content/scan-content.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore, RunningTunnel } from '../proxy-core.ts'
import { pipeTunnel } from '../tunnel/pipe-tunnel.ts'
import type { Answerer } from './answerer.ts'
import type { AfterRequest, Asker } from './asker.ts'

const EXTENSIONS = 'sec-websocket-extensions'

type Upgraded = {
  readonly head: ResponseHead
  /** What the request was judged by. */
  readonly flow: Flow
  /** Whether a rule may decide by what the client says. */
  readonly isGuarded: boolean
}

/** A WebSocket from its 101 on; a new policy that denies its request cuts it. */
export async function serveUpgraded(
  core: ProxyCore,
  asker: Asker,
  answerer: Answerer,
  { head, flow, isGuarded }: Upgraded,
  record: OpenRecord,
): Promise<AfterRequest> {
  if (isGuarded && fieldValues(head.fields, EXTENSIONS).length > 0) {
    answerer.destroy()
    return asker.refuse(refusal('bad-response', 'an extension nobody asked for'), record)
  }
  const [client, server] = [await asker.takeOver(head, answerer.version), answerer.takeOver()]
  const cut = (): void => void (client.socket.destroy(), server.socket.destroy())
  const { allowance } = record
  // A guarded one's messages are asked for one by one.
  const limited =
    (await allowance?.out(isGuarded ? 0 : client.held.length)) ?? (await allowance?.in(server.held.length)) ?? null
  if (limited !== null) {
    cut()
    record.refused(limited)
    core.finish(record)
    return 'taken'
  }
  const running: RunningTunnel = { flow: isGuarded ? { ...flow, content: [] } : flow, cut }
  core.tunnels.add(running)
  try {
    if (isGuarded) {
      const inRequest = record.facts.findings ?? []
      const judge: JudgeMessage = (scan, all) => judgeMessage(core, flow, scan, addFindings(inRequest, all), record)
      await guardWebSocket(core, client, server, judge, record)
    } else await pipeTunnel(core, client.socket, server.socket, client.held, server.held, record)
  } finally {
    core.tunnels.delete(running)
  }
  core.finish(record)
  return 'taken'
}

function judgeMessage(
  core: ProxyCore,
  flow: Flow,
  { findings, opaque }: ContentScan,
  all: readonly Finding[],
  record: OpenRecord,
): Refusal | null {
  const judged = core.judge.judge(
    { ...flow, time: Date.now(), content: findings.map(({ detector }) => detector) },
    true,
  )
  record.contentIs(all)
  if (judged.outcome === 'deny') {
    record.judged(judged)
    return judged.refusal
  }
  const isMonitored = judged.verdict.mode === 'monitor'
  return opaque === null || isMonitored ? null : refusal('content-opaque', `not readable: ${opaque}`)
}

/** Frames that are packed could not be read. */
export function withoutExtensions(head: RequestHead): RequestHead {
  return { ...head, fields: head.fields.filter(({ name }) => name !== EXTENSIONS) }
}
