import { fieldValues, listMembers } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import type { Asker } from '../http/asker.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { collectBody, type NoBody } from './collect-body.ts'
import { Findings, type Finding } from './findings.ts'
import { DEFAULT_SCAN_LIMITS, scanContent, scanTarget } from './scan-content.ts'

/** What the content of a request is to the policy, and the body that was read for it. */
export type JudgedContent = {
  readonly findings: readonly Finding[]
  /** What could not be read: then nothing beyond `findings` is known. */
  readonly opaque: string | null
  readonly body: Buffer | null
  /** Whether something fired on the target itself, which is then not to be logged. */
  readonly isTargetSecret: boolean
}

/** Reads the whole body, so that none of it has gone anywhere when it is judged. */
export async function readContent(core: ProxyCore, asker: Asker): Promise<JudgedContent | Refusal> {
  const { head, framing } = asker
  const own = core.options.detectors?.() ?? []
  const findings = new Findings()
  const target = await scanTarget(head.target, DEFAULT_SCAN_LIMITS, own, findings)
  const isTargetSecret = !findings.isEmpty
  if (framing.kind === 'none') return { findings: findings.list(), opaque: target.opaque, body: null, isTargetSecret }
  if (listMembers(head.fields, 'expect').includes('100-continue')) asker.sendContinue()
  const body = await collectBody(asker.body, framing, core.limits.scanBytes, core.timeouts.bodyIdleMs)
  if (typeof body === 'string') return noBody(body, core.limits.scanBytes)
  core.counters.add('bodiesScanned')
  const codings = listMembers(head.fields, 'content-encoding')
  const { findings: all, opaque } = await scanContent(body, codings, DEFAULT_SCAN_LIMITS, own, findings)
  const range = fieldValues(head.fields, 'content-range').length > 0 ? 'a part of a body' : null
  return { findings: all, opaque: target.opaque ?? opaque ?? range, body, isTargetSecret }
}

function noBody(why: NoBody, mostOctets: number): Refusal {
  switch (why) {
    case 'too-large':
      return refusal('content-opaque', `the body is longer than the ${mostOctets} octets that are looked into`)
    case 'malformed':
      return refusal('bad-body')
    case 'timeout':
    case 'cut':
      return refusal('body-timeout')
  }
}
