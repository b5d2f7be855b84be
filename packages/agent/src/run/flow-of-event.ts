import type { HostFacts } from '@sallyport/compile'
import { placeFacts, type FlowRecord, type RecordedVerdict } from '@sallyport/flow'
import type { KernelEvent } from '@sallyport/kernel'
import {
  addressFromBytes,
  formatAddress,
  transportFromProtocolNumber,
  type Address,
  type DomainName,
} from '@sallyport/net'
import type { Policy, Reason, World } from '@sallyport/policy'
import { overText, reasonOfLimit } from './rule-limits.ts'
import type { ExecutablePaths } from '../host/executable-paths.ts'

type EventContext = {
  readonly policy: Policy
  readonly world: World
  readonly host: HostFacts
  readonly executables: ExecutablePaths
  readonly namesOf: (address: Address) => readonly DomainName[]
  readonly clock: { readonly nowMs: number; readonly bootNs: bigint }
}

/** A decision of the kernel in the words of the policy language. */
export function flowOfEvent(event: KernelEvent, context: EventContext): FlowRecord {
  const { world, clock, host } = context
  const timeMs = clock.nowMs - Number((clock.bootNs - event.timeNs) / 1_000_000n)
  const found = event.addr.some((byte) => byte !== 0) ? addressFromBytes(event.addr) : null
  const user = host.users.find(({ uid }) => uid === event.uid)
  return {
    time: new Date(timeMs).toISOString(),
    user: user?.user ?? String(event.uid),
    groups: user?.groups ?? [],
    ...appOf(event, context.executables),
    unit: host.units.find(({ cgroupId }) => cgroupId === event.cgroup)?.unit ?? null,
    container: null,
    dst: found === null ? null : formatAddress(found),
    port: event.port,
    transport: transportFromProtocolNumber(event.ipproto),
    domain: null,
    boundNames: found === null ? [] : context.namesOf(found),
    protocol: null,
    ...placeFacts(found, world),
    verdict: recordedVerdict(event, event.ruleIndex, refusalReason(event, found), context.policy),
  }
}

/** The name of the process where its file cannot be found any more; neither is known of what a raw socket sends. */
function appOf({ tgid, comm, exeDev, exeIno }: KernelEvent, executables: ExecutablePaths): Pick<FlowRecord, 'app'> {
  const app = executables.find({ pid: tgid, comm, dev: exeDev, ino: exeIno }) ?? comm
  return app === '' ? {} : { app }
}

/** `without` is the reason when no rule decided. */
export function recordedVerdict(
  event: Pick<KernelEvent, 'verdict' | 'mode' | 'limit'>,
  ruleIndex: number | null,
  without: Reason,
  policy: Policy,
): RecordedVerdict {
  const { layer, rule } = ruleAt(policy, ruleIndex)
  const verdict = event.verdict === 'undetermined' ? 'deny' : event.verdict
  if (event.limit !== null) {
    const reason = reasonOfLimit(event.limit)
    return {
      verdict,
      rule,
      layer,
      mode: event.mode,
      stage: 'connect',
      reason,
      explain: overText(rule, layer, event.limit),
    }
  }
  const reason = rule !== null ? 'rule' : without
  const explain = `${verdict === 'allow' ? 'allowed' : 'denied'} by ${rule === null ? reason : `rule ${rule} of ${layer}`}`
  return { verdict, rule, layer, mode: event.mode, stage: 'connect', reason, explain }
}

function refusalReason(event: KernelEvent, dst: Address | null): Reason {
  if (event.hook === 'create') return 'raw-socket'
  if (event.hook === 'setsockopt') return 'socket-mark'
  return reasonWithoutRule(event.verdict, dst)
}

export function reasonWithoutRule(verdict: KernelEvent['verdict'], dst: Address | null): Reason {
  if (verdict === 'undetermined') return 'missing-facts'
  return dst !== null && ['169.254.169.254', 'fd00:ec2::254'].includes(formatAddress(dst))
    ? 'metadata-address'
    : 'default'
}

/** Rules are numbered through all layers. */
function ruleAt(policy: Policy, index: number | null): { readonly layer: string; readonly rule: string | null } {
  let rest = index ?? Number.POSITIVE_INFINITY
  for (const { name, rules } of policy.layers) {
    const rule = rules[rest]
    if (rule !== undefined) return { layer: name, rule: rule.id }
    rest -= rules.length
  }
  return { layer: policy.layers.at(-1)?.name ?? '', rule: null }
}
