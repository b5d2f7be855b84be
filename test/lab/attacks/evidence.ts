import { readFileSync } from 'node:fs'
import type { DetectorName } from '@sallyport/detect'
import type { FlowRecord } from '@sallyport/flow'
import { alertsAbout } from './alerts-about.ts'
import type { Attack } from './attack.ts'

export type Evidence = { readonly by: readonly string[]; readonly alerts: ReadonlySet<DetectorName> }

/** Nothing says what stopped it. */
export const NO_ANSWER = 'no answer'

export function recordedFlows(path: string): readonly FlowRecord[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as FlowRecord)
}

/** What stopped it, as the records say; else what its tool was told. */
export function evidence(attack: Attack, recorded: readonly FlowRecord[], output: string): Evidence {
  const flows = recorded.filter((flow) => flow.verdict.layer === attack.under && belongs(attack, flow))
  const denied = flows
    .filter(({ verdict }) => verdict.verdict === 'deny')
    .map(({ verdict: { stage, rule, reason } }) => `${stage}, ${because(rule, reason)}`)
  const otherwise = /Operation not permitted|EPERM|requires root privileges/.test(output)
    ? 'not permitted (EPERM)'
    : NO_ANSWER
  return {
    by: denied.length > 0 ? [...new Set(denied)].toSorted() : [otherwise],
    alerts: attack.told === undefined ? new Set() : alertsAbout(flows),
  }
}

function because(rule: string | null, reason: string): string {
  if (rule === null) return reason
  return reason === 'rule' ? `rule \`${rule}\`` : `rule \`${rule}\`, but ${reason}`
}

function belongs({ flows }: Attack, { dst, port, domain }: FlowRecord): boolean {
  return flows.test(typeof dst === 'string' ? `${dst} ${port}` : `${domain}`)
}
