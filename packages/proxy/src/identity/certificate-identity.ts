import type { PeerCertificate } from 'node:tls'
import type { Identity } from './identity.ts'

/** Who a client certificate is for: its e-mail, its URI (SPIFFE), or its common name; organisational units are groups. */
export function certificateIdentity(certificate: PeerCertificate): Identity | null {
  const names = (certificate.subjectaltname ?? '').split(', ')
  const alternative = (kind: string): string | undefined =>
    names.find((name) => name.startsWith(`${kind}:`))?.slice(kind.length + 1)
  const subject: Readonly<Record<string, string | string[] | undefined>> = { ...certificate.subject }
  const user = alternative('email') ?? alternative('URI') ?? [subject['CN']].flat()[0]
  if (user === undefined || user === '') return null
  return { user, groups: [subject['OU'] ?? []].flat(), tags: null }
}
