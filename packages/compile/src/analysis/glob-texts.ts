import { isLiteral } from '@sallyport/policy'
import { AnalysisTooLargeError } from './analysis-too-large.ts'

type Token = { readonly kind: 'char' | 'one' | 'segment' | 'any'; readonly char: string }
/** For each glob, how far into it a text may be. */
type Places = readonly (readonly number[])[]

const STEPS_UP_TO = 200_000

/**
 * The literals, and a text for every combination of the other globs that some text matches together, found by walking all
 * of them at once. A character that no glob has fills the wildcards, so that no such text is a literal by chance.
 */
export function globTexts(globs: readonly string[]): readonly string[] {
  const literals = [...new Set(globs.filter(isLiteral))]
  const patterns = [...new Set(globs.filter((glob) => !isLiteral(glob)))].map(tokens)
  if (patterns.length === 0) return literals
  const fresh = freshCharacter(globs)
  const spelt = patterns.flat().flatMap(({ kind, char }) => (kind === 'char' ? [char] : []))
  const alphabet = [...new Set([fresh, '/', ...spelt])]
  const seen = new Set<string>()
  const texts = new Map<string, string>()
  const queue: { readonly places: Places; readonly text: string }[] = [
    { places: patterns.map((pattern) => withStars(pattern, [0])), text: '' },
  ]
  for (const { places, text } of queue) {
    const filled = text.includes(fresh)
    const key = `${filled} ${places.join(';')}`
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size * alphabet.length > STEPS_UP_TO) throw new AnalysisTooLargeError(`${patterns.length} globs`)
    const matched = patterns.map((pattern, at) => places[at]!.includes(pattern.length))
    const combination = `${filled} ${matched.join()}`
    if (matched.includes(true) && !texts.has(combination)) texts.set(combination, text)
    for (const char of alphabet) {
      const next = patterns.map((pattern, at) => after(pattern, places[at]!, char))
      if (next.some((each) => each.length > 0)) queue.push({ places: next, text: text + char })
    }
  }
  return [...new Set([...literals, ...texts.values()])]
}

function tokens(glob: string): readonly Token[] {
  return (glob.match(/\*\*|[^]/gu) ?? []).map((char) => ({
    kind: char === '**' ? 'any' : char === '*' ? 'segment' : char === '?' ? 'one' : 'char',
    char,
  }))
}

function freshCharacter(globs: readonly string[]): string {
  const mentioned = globs.join('')
  return [...'xyzqjkvw0123456789~%'].find((char) => !mentioned.includes(char)) ?? '\u2603'
}

/** A star may match nothing. */
function withStars(pattern: readonly Token[], places: readonly number[]): readonly number[] {
  const all = new Set<number>()
  for (const place of places) {
    for (let at = place; !all.has(at); at++) {
      all.add(at)
      const kind = pattern[at]?.kind
      if (kind !== 'segment' && kind !== 'any') break
    }
  }
  return [...all].sort((a, b) => a - b)
}

function after(pattern: readonly Token[], places: readonly number[], char: string): readonly number[] {
  const next = places.flatMap((at) => {
    const token = pattern[at]
    if (token === undefined || (char === '/' && (token.kind === 'one' || token.kind === 'segment'))) return []
    if (token.kind === 'char') return token.char === char ? [at + 1] : []
    return [token.kind === 'one' ? at + 1 : at]
  })
  return withStars(pattern, next)
}
