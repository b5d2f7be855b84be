import type { EdnsOption } from './edns.ts'

/** INFO-CODEs of RFC 8914 §4 that Sallyport sends. */
export const EXTENDED_ERROR = {
  OTHER: 0,
  UNSUPPORTED_DNSKEY_ALGORITHM: 1,
  UNSUPPORTED_DS_DIGEST: 2,
  STALE_ANSWER: 3,
  DNSSEC_INDETERMINATE: 5,
  DNSSEC_BOGUS: 6,
  SIGNATURE_EXPIRED: 7,
  SIGNATURE_NOT_YET_VALID: 8,
  DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10,
  NSEC_MISSING: 12,
  CACHED_ERROR: 13,
  BLOCKED: 15,
  CENSORED: 16,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN_ANSWER: 19,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
} as const

export type ExtendedError = { readonly code: number; readonly text: string }

const OPTION_CODE = 15
// RFC 8914 §2: the text shares the message with the answer, so it stays short.
const TEXT_LIMIT = 240

export function extendedErrorOption(error: ExtendedError): EdnsOption {
  const text = new TextEncoder().encode(error.text)
  const value = new Uint8Array(2 + wholeCharacters(text))
  value[0] = error.code >>> 8
  value[1] = error.code
  value.set(text.subarray(0, value.length - 2), 2)
  return { code: OPTION_CODE, value }
}

/** How many octets fit without cutting a UTF-8 sequence. */
function wholeCharacters(text: Uint8Array): number {
  if (text.length <= TEXT_LIMIT) return text.length
  let end = TEXT_LIMIT
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end--
  return end
}

/** The extended errors among the options of an OPT record; options too short to be one are left out. */
export function extendedErrors(options: readonly EdnsOption[]): ExtendedError[] {
  return options
    .filter(({ code, value }) => code === OPTION_CODE && value.length >= 2)
    .map(({ value }) => ({ code: (value[0]! << 8) | value[1]!, text: new TextDecoder().decode(value.subarray(2)) }))
}
