import { formatAddress, matchDomain, type DomainPattern } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import type { Judged } from '../decide/proxy-judge.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { ServerTrust } from './open-tls.ts'
import type { PinnedHosts } from './pinned-hosts.ts'

export type InspectionOptions = ServerTrust & {
  readonly authority: CertificateAuthority
  /** Hosts that are never decrypted: those that pin their certificates, and what is nobody's business. */
  readonly never: readonly DomainPattern[]
  /** Learned; `null`: nothing is learned. */
  readonly pinned?: PinnedHosts | null
}

/** Why a tunnel that was to be read is not: its host is listed, or pinned by this client. */
export type Spared = 'listed' | 'pinned'

/** Whether the requests in a tunnel of TLS are to be read: a rule says so, or without them nothing can be decided. */
export function wantsInspection(flow: Flow, judged: Judged, isAsked: boolean): boolean {
  if (flow.protocol !== 'tls' || judged.outcome === 'deny') return false
  if (judged.outcome === 'allow') return isAsked
  const { verdict } = judged
  const needs = verdict.verdict === 'undetermined' ? verdict.needs : []
  return needs.some((fact) => fact === 'http' || fact === 'content')
}

export function sparedBy(options: InspectionOptions, flow: Flow, client: string, nowMs: number): Spared | null {
  const names = [...(flow.domain ? [flow.domain] : []), ...(flow.boundNames ?? [])]
  if (names.some((name) => options.never.some((pattern) => matchDomain(pattern, name)))) return 'listed'
  return options.pinned?.isPinned(client, pinnedName(flow), nowMs) ? 'pinned' : null
}

/** What a client pins: the name that it asks the server for, else the address. */
export function pinnedName({ domain, dst }: Flow): string {
  return domain ?? (dst ? formatAddress(dst) : '')
}
