import { parseAddress, parseDomainName } from '@sallyport/net'
import { latin1, u16, u8 } from '../identify/octets.ts'
import type { NameProblem } from '../identify/identification.ts'

type ServerName = { readonly name: string | null; readonly problem: NameProblem | null; readonly count: number }

/** Data of the server_name extension (RFC 6066 §3): exactly one host name, else no name and the reason. */
export function readServerName(data: Uint8Array): ServerName {
  const malformed = { name: null, problem: 'malformed-server-name', count: 1 } as const
  if (u16(data, 0) !== data.length - 2 || data.length < 5) return malformed
  let count = 0
  let name: string | null = null
  let at = 2
  while (at + 3 <= data.length) {
    const end = at + 3 + u16(data, at + 1)
    if (end > data.length) return malformed
    if (u8(data, at) === 0) {
      count++
      name = hostName(latin1(data, at + 3, end))
    }
    at = end
  }
  if (at !== data.length || count === 0) return malformed
  if (count > 1) return { name: null, problem: 'doubled-server-name', count }
  return name === null ? malformed : { name, problem: null, count }
}

/** A host in lower case: a name, or an address, which some clients state although they must not. Null for anything else. */
export function hostName(text: string): string | null {
  if (/[[\]]/.test(text)) return null
  return parseDomainName(text) ?? (parseAddress(text) === null ? null : text.toLowerCase())
}
