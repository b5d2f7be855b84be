import type { HostFeed, HostPolicyStatus, HostStatus } from '@sallyport/agent'
import type { StoreRoom } from '@sallyport/store'
import { bytesText } from './bytes-text.ts'
import { countOf } from './count-of.ts'
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
  return `policy version ${policy.version} (${of}), ${mode}${by}${trial(policy, nowMs)}${away(policy)}`
}

function trial({ confirmByMs, confirmed }: HostPolicyStatus, nowMs: number): string {
  if (confirmByMs === null) return ''
  const left = Math.max(0, Math.ceil((confirmByMs - nowMs) / 1000))
  const back = confirmed === null ? 'no policy' : `version ${confirmed}`
  return `\n${styled('yellow', `on trial: back to ${back} in ${left} s unless confirmed: sallyport confirm`)}`
}

function away({ stateProblem }: HostPolicyStatus): string {
  if (stateProblem === null) return ''
  return `\n${styled('yellow', `kept on this host until the state store knows it: ${printable(stateProblem)}`)}`
}

export function describeHost(
  { policy, startedMs, guarding, pid, kernel, spool, layingOut, room, feeds }: HostStatus,
  nowMs: number,
): string {
  const lines = [
    describePolicy(policy, nowMs),
    `guarding ${printable(guarding)} since ${new Date(startedMs).toISOString()} (pid ${pid})`,
    ...feeds.map((feed) => describeFeed(feed, nowMs)),
    `${countOf(spool.spooled, 'flow')} recorded`,
  ]
  if (layingOut !== null)
    lines.push(
      `stored by an earlier version: ${layingOut.rowsLeft} of ${layingOut.rows} flows are still to be laid out anew`,
    )
  if (room !== null) lines.push(describeRoom(room))
  const dropped = reasons(spool.dropped)
  if (dropped !== '') lines.push(styled('red', `flows not recorded: ${dropped}`))
  const counters = Object.entries(kernel ?? {}).flatMap(([name, value]) =>
    value === 0 ? [] : `${words(name)} ${value}`,
  )
  if (counters.length > 0) lines.push(styled('dim', counters.join(', ')))
  return lines.join('\n')
}

function describeRoom({ bytes, limitBytes, oldestMs, removedFlows, isShort }: StoreRoom): string {
  const short = isShort ? styled('red', ', as the disk has little left') : ''
  const since = oldestMs === null ? '' : `, since ${new Date(oldestMs).toISOString()}`
  const removed = removedFlows === 0 ? '' : `; ${countOf(removedFlows, 'flow')} removed to make room`
  return `stored flows take ${bytesText(bytes)} of at most ${bytesText(limitBytes)}${short}${since}${removed}`
}

/** `eventsLost` → `events lost` */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function describeFeed({ name, entries, fetchedMs, checkedMs, problem }: HostFeed, nowMs: number): string {
  const copy = fetchedMs === null ? 'no copy yet' : `${entries} entries, fetched ${ago(fetchedMs, nowMs)}`
  const looked = checkedMs === null ? '' : `, looked for ${ago(checkedMs, nowMs)}`
  const wrong = problem === null ? '' : `: ${styled('red', printable(problem))}`
  return `feed ${printable(name)}: ${copy}${looked}${wrong}`
}

function ago(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`
}
