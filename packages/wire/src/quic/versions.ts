/** What differs between versions of QUIC in how an Initial is protected. */
export type QuicVersion = {
  readonly salts: readonly string[]
  readonly labelPrefix: 'quic' | 'quicv2'
  /** Values of the two type bits of a long header. */
  readonly types: { readonly initial: number; readonly retry: number }
  /** Google's own: CRYPTO is frame 8, and in versions that begin with Q a list of tags stands in place of TLS. */
  readonly google: boolean
}

const SALT = {
  v1: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', // RFC 9001 §5.2; also drafts 33 and 34
  v2: '0dede3def700a6db819381be6e269dcbf9bd2ed9', // RFC 9369 §3.3.1
  draft29: 'afbfec289993d24c9e9786f19c6111e04390a899',
  draft23: 'c3eef712c72ebb5a11a7d2432bb46365bef9f502',
  draft22: '7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a',
  q050: '504574efd066fe2f9d945cfcdbd3a7f0d3b56b45',
  t050: '7ff579e5acd072915580304c43a2367c60488310',
  t051: '7a4edef4e7ccee5fa4506c19124fc8ccda6e033d',
} as const

/** Versions by four letters, as Chromium's QUIC had them between its own header and that of the IETF. */
const GOOGLE: Readonly<Record<number, string>> = { 0x51303530: SALT.q050, 0x54303530: SALT.t050, 0x54303531: SALT.t051 }

const V1_TYPES = { initial: 0, retry: 3 } as const
const V2_TYPES = { initial: 1, retry: 0 } as const

/** RFC 9000 §15: a client asks with one for a list of versions. */
export const isReservedVersion = (version: number): boolean => (version & 0x0f0f0f0f) === 0x0a0a0a0a

/** Null for a version whose packets are not readable. */
export function quicVersion(version: number): QuicVersion | null {
  const shape = { labelPrefix: 'quic', types: V1_TYPES, google: false } as const
  if (version === 1) return { ...shape, salts: [SALT.v1] }
  // Clients seal what is of no version as in the one that they know best.
  if (isReservedVersion(version)) return { ...shape, salts: [SALT.v1, SALT.draft29] }
  if (version === 0x6b3343cf || version === 0x709a50c4) {
    return { salts: [SALT.v2], labelPrefix: 'quicv2', types: V2_TYPES, google: false }
  }
  const google = GOOGLE[version]
  if (google !== undefined) return { ...shape, salts: [google], google: true }
  const draft = draftOf(version)
  return draft === null ? null : { ...shape, salts: saltsOfDraft(draft) }
}

/** 0 stands for an experiment whose draft is not told by its number. */
function draftOf(version: number): number | null {
  if (version >>> 8 === 0xff0000) return version & 0xff
  // Numbers of mvfst and picoquic, as they register them in the list of versions of the QUIC working group.
  if (version === 0xfaceb001) return 22
  if (version === 0xfaceb002) return 27
  if (version >>> 8 === 0xfaceb0) return 0
  return version >>> 8 === 0x50435b || version >>> 8 === 0x504350 ? 0 : null
}

function saltsOfDraft(draft: number): readonly string[] {
  if (draft === 0) return [SALT.draft23, SALT.draft29, SALT.draft22, SALT.v1]
  if (draft >= 33) return [SALT.v1]
  if (draft >= 29) return [SALT.draft29]
  if (draft >= 23) return [SALT.draft23]
  return [SALT.draft22]
}
