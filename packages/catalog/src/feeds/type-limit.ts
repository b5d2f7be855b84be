/** Types of DNS queries that a rule is for, or is not for (`$dnstype`); `null` is for all. */
export type TypeLimit = { readonly isExcluding: boolean; readonly types: readonly string[] } | null

/** Stands for every type that no rule of a list names. */
export const OTHER_TYPES = '*'

export function isForType(limit: TypeLimit, type: string): boolean {
  return limit === null || limit.types.includes(type) !== limit.isExcluding
}

/** A rule for all queries of addresses is about the destination itself; one for some of them is about queries alone. */
export function isForDestinations(limit: TypeLimit): boolean {
  return isForType(limit, 'A') && isForType(limit, 'AAAA')
}

/** `A|AAAA`, or `~HTTPS`; `null` when it is neither. Where some types are excluded, those that are named besides say no more. */
export function parseTypeLimit(text: string): TypeLimit {
  const types = text.toUpperCase().split('|')
  if (!types.every((type) => /^~?[A-Z][A-Z0-9-]{0,15}$/.test(type))) return null
  const excluded = types.filter((type) => type.startsWith('~')).map((type) => type.slice(1))
  return excluded.length > 0 ? { isExcluding: true, types: excluded } : { isExcluding: false, types }
}
