import type { Dnskey, ExtendedError, WireName } from '@sallyport/wire'

/** What signatures say: `insecure` is proved to be unsigned (RFC 4035 §4.3). */
export type Trust =
  | { readonly state: 'secure' }
  | { readonly state: 'insecure' }
  | { readonly state: 'bogus'; readonly error: ExtendedError }

/** What a zone's data is to be signed with. */
export type ZoneTrust =
  | { readonly state: 'secure'; readonly zone: WireName; readonly keys: readonly Dnskey[] }
  | Exclude<Trust, { readonly state: 'secure' }>

export const SECURE: Trust = { state: 'secure' }
export const INSECURE: Extract<Trust, { state: 'insecure' }> = { state: 'insecure' }

export function bogus(code: number, text: string): Extract<Trust, { state: 'bogus' }> {
  return { state: 'bogus', error: { code, text } }
}
