import type { HostPolicyStatus, HostStatus } from '@sallyport/agent'
import { reasons } from './flow-recording.ts'
import { printable, styled } from './style.ts'

export function describePolicy(policy: HostPolicyStatus, nowMs: number): string {
  const mode = policy.mode === 'enforce' ? styled('green', 'enforced') : styled('yellow', 'watched only')
  if (policy.version === null) return `no policy was applied; ${mode}`
  const of = printable(policy.layers.join(', '))
  const by =
    policy.createdMs === null
      ? ''
      : `, by ${printable(policy.author ?? '?')} at ${new Date(policy.createdMs).toISOString()}`
  return `policy version ${policy.version} (${of}), ${mode}${by}${trial(policy, nowMs)}`
}

function trial({ confirmByMs, confirmed }: HostPolicyStatus, nowMs: number): string {
  if (confirmByMs === null) return ''
  const left = Math.max(0, Math.ceil((confirmByMs - nowMs) / 1000))
  const back = confirmed === null ? 'no policy' : `version ${confirmed}`
  return `\n${styled('yellow', `on trial: back to ${back} in ${left} s unless confirmed: sallyport confirm`)}`
}

export function describeHost({ policy, startedMs, guarding, pid, kernel, spool }: HostStatus, nowMs: number): string {
  const lines = [
    describePolicy(policy, nowMs),
    `guarding ${printable(guarding)} since ${new Date(startedMs).toISOString()} (pid ${pid})`,
    `${spool.spooled} flows recorded`,
  ]
  const dropped = reasons(spool.dropped)
  if (dropped !== '') lines.push(styled('red', `flows not recorded: ${dropped}`))
  const counters = Object.entries(kernel ?? {}).map(([name, value]) => `${name} ${String(value)}`)
  if (counters.length > 0) lines.push(styled('dim', counters.join(', ')))
  return lines.join('\n')
}
