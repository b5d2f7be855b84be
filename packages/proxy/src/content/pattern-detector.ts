import { RE2JS } from 're2js'
import type { TextDetector } from './text-detector.ts'

export type PatternOptions = {
  readonly name: string
  readonly pattern: string
  readonly ignoreCase: boolean
  /** Words of which one must stand within so many characters; none: wherever it stands. */
  readonly near: readonly string[]
  readonly within: number
  /** How many different texts must match. */
  readonly count: number
}

/** Matches that are looked at in one text; a pattern that holds that often and never near a word tells nothing. */
const MOST_MATCHES = 100_000

/** Different texts that are counted; as many as a detector can ask for. */
const MOST_COUNTED = 1000

/** A customer's pattern by RE2, whose time is linear in the text whatever the pattern is. Throws on what is no pattern. */
export function patternDetector({ name, pattern, ignoreCase, near, within, count }: PatternOptions): TextDetector {
  const compiled = RE2JS.compile(octets(pattern), ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  if (compiled.matcher('').find()) throw new Error('it matches the empty text')
  const words = near.map((word) => octets(word).toLowerCase())
  return {
    name,
    confidence: words.length > 0 ? 'medium' : 'low',
    look: (text) => {
      const lower = words.length === 0 ? '' : text.toLowerCase()
      const found = new Set<string>()
      const matcher = compiled.matcher(text)
      for (let matches = 0; matcher.find(); matches++) {
        if (matches === MOST_MATCHES) return 'too-much'
        const around = lower.slice(Math.max(0, matcher.start() - within), matcher.end() + within)
        if (words.length > 0 && !words.some((word) => around.includes(word))) continue
        found.add(matcher.group() ?? '')
        if (found.size >= MOST_COUNTED) break
      }
      return found.size >= count ? found.size : 0
    },
  }
}

/** Texts are searched octet by octet, so what is searched for is written so too. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
