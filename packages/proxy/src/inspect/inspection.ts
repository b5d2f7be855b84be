import { matchDomain, type DomainName, type DomainPattern } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import type { Judged } from '../decide/proxy-judge.ts'
import type { CertificateAuthority } from './certificate-authority.ts'

export type InspectionOptions = {
  readonly authority: CertificateAuthority
  /** Hosts that are never decrypted: those that pin their certificates, and what is nobody's business. */
  readonly never: readonly DomainPattern[]
  /** Authorities of servers, in PEM, beside those that Node brings along; `null`: these alone. */
  readonly serverCa: string | null
}

/** Whether the requests in a tunnel of TLS are to be read: a rule says so, or without them nothing can be decided. */
export function wantsInspection(
  options: InspectionOptions | null,
  flow: Flow,
  judged: Judged,
  isAsked: boolean,
): boolean {
  if (options === null || flow.protocol !== 'tls' || judged.outcome === 'deny') return false
  const names = [...(flow.domain ? [flow.domain] : []), ...(flow.boundNames ?? [])]
  if (names.some((name) => isSpared(options, name))) return false
  if (judged.outcome === 'allow') return isAsked
  const { verdict } = judged
  const needs = verdict.verdict === 'undetermined' ? verdict.needs : []
  return needs.some((fact) => fact === 'http' || fact === 'content')
}

function isSpared({ never }: InspectionOptions, name: DomainName): boolean {
  return never.some((pattern) => matchDomain(pattern, name))
}
