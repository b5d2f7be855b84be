/** What a pattern alone is enough for, and why the rest of it is not used. */
type StixDestinations = { readonly texts: readonly string[]; readonly reasons: readonly string[] }

type Token = { readonly kind: 'mark' | 'word' | 'text'; readonly text: string }

const TOKEN = /\s*(?:'((?:[^'\\]|\\.)*)'|([[\](),])|(!=|<=|>=|[=<>])|([^\s'[\](),=<>!]+))/y
const PATHS = /^(?:domain-name:value|ipv[46]-addr:value|url:value|network-traffic:dst_ref\.value)$/
const LONGEST_PATTERN = 16_384
const JOINS = /^(?:AND|FOLLOWEDBY)$/i

/**
 * Values that a STIX pattern (STIX 2.1 §9) compares a destination with, where each is enough by itself: alternatives of
 * equality. Whatever needs a second fact, or denies one, is no list of destinations.
 */
export function stixDestinations(pattern: string): StixDestinations {
  if (pattern.length > LONGEST_PATTERN)
    return { texts: [], reasons: [`a pattern longer than ${LONGEST_PATTERN} characters`] }
  const tokens = tokensOf(pattern)
  if (tokens === null || tokens.length === 0) return { texts: [], reasons: ['not a pattern of STIX'] }
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text)
  if (words.some((word) => JOINS.test(word)))
    return { texts: [], reasons: ['a pattern that needs several facts at once'] }
  if (words.some((word) => /^NOT$/i.test(word))) return { texts: [], reasons: ['a pattern with NOT'] }
  if (words.some((word) => /^(?:WITHIN|REPEATS|START|STOP)$/i.test(word))) {
    return { texts: [], reasons: ['a pattern that needs more than one observation'] }
  }
  const texts: string[] = []
  const reasons = new Set<string>()
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!
    if (kind !== 'word' || !text.includes(':')) continue
    const operator = tokens[at + 1]?.text.toUpperCase() ?? ''
    const values = valuesAfter(tokens, at + 2)
    if (!PATHS.test(text)) reasons.add('not about a destination')
    else if (!['=', 'IN', 'ISSUBSET'].includes(operator)) reasons.add('a comparison other than equality')
    else if (values.length === 0) reasons.add('not a pattern of STIX')
    else texts.push(...values)
  }
  if (texts.length === 0 && reasons.size === 0) reasons.add('not a pattern of STIX')
  return { texts, reasons: [...reasons] }
}

/** One text, or the texts in parentheses. */
function valuesAfter(tokens: readonly Token[], start: number): readonly string[] {
  if (tokens[start]?.kind === 'text') return [tokens[start].text]
  if (tokens[start]?.text !== '(') return []
  const end = tokens.findIndex(({ kind, text }, at) => at > start && kind === 'mark' && text === ')')
  return tokens.slice(start, end < 0 ? start : end).flatMap(({ kind, text }) => (kind === 'text' ? [text] : []))
}

function tokensOf(pattern: string): readonly Token[] | null {
  const tokens: Token[] = []
  const text = pattern.trim()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text)
    if (match === null) return null
    const [, quoted, mark, operator, word] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\(.)/g, '$1') })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else tokens.push({ kind: 'mark', text: (mark ?? operator)! })
  }
  return tokens
}
