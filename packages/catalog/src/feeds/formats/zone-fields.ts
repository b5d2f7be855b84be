/** Fields of one line of a zone file, without comment and parentheses; `depth` of these goes on over lines (RFC 1035 §5.1). */
export function zoneFields(
  text: string,
  before: number,
): { readonly fields: readonly string[]; readonly depth: number } {
  const fields: string[] = []
  let depth = before
  for (const [token] of text.matchAll(/"[^"]*"?|;.*$|[()]|[^\s;()"]+/g)) {
    if (token.startsWith(';')) break
    if (token === '(') depth++
    else if (token === ')') depth = Math.max(0, depth - 1)
    else fields.push(token)
  }
  return { fields, depth }
}
