import type { PeerCertificate } from 'node:tls'
import type { Identity } from './identity.ts'

/** Who a client certificate is for: its e-mail, its URI (SPIFFE), or its common name; organisational units are groups. */
export function certificateIdentity(certificate: PeerCertificate): Identity | null {
  const names = alternativeNames(certificate.subjectaltname ?? '')
  const alternative = (kind: string): string | undefined => names.find((name) => name.kind === kind)?.value
  const subject: Readonly<Record<string, string | string[] | undefined>> = { ...certificate.subject }
  const user = alternative('email') ?? alternative('URI') ?? [subject['CN']].flat()[0]
  if (user === undefined || user === '') return null
  return { user, groups: [subject['OU'] ?? []].flat(), tags: null }
}

/** A name with a comma in it is in quotes (CVE-2021-44532), so that it does not look like two. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y

function alternativeNames(text: string): readonly { readonly kind: string; readonly value: string }[] {
  const names: { kind: string; value: string }[] = []
  const pattern = new RegExp(NAME)
  for (let match = pattern.exec(text); match !== null && match[0] !== ''; match = pattern.exec(text)) {
    // What had to be quoted is no name that rules speak of.
    if (!match[2]!.startsWith('"')) names.push({ kind: match[1]!, value: match[2]! })
  }
  return names
}
