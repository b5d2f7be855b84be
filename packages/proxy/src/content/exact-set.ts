import { hash, randomBytes } from 'node:crypto'
import type { TextDetector } from './text-detector.ts'

const HEADER = 'sallyport-exact-set 1'
const SHORTEST = 6
const MOST_WORDS = 6
const MOST_VALUES = 2_000_000
/** Of one text. Each costs about a microsecond, and nothing else runs meanwhile. */
const MOST_HASHES = 1_000_000

export type ExactSet = {
  readonly salt: string
  /** Words and characters that values have, as `words:characters`: nothing else is hashed. */
  readonly shapes: ReadonlySet<string>
  readonly hashes: ReadonlySet<string>
}

/**
 * Values as salted hashes, so that the file can lie where they must not. Who has the file can try values out, and values of
 * few possibilities, such as numbers, will be found so.
 */
export function hashValues(values: Iterable<string>, salt: string = randomBytes(16).toString('base64url')): ExactSet {
  const [shapes, hashes] = [new Set<string>(), new Set<string>()]
  for (const value of values) {
    const words = wordsOf(Buffer.from(value, 'utf8').toString('latin1'))
    const joined = words.join(' ')
    if (joined === '') continue
    if (joined.length < SHORTEST) throw new Error(`a value has less than ${SHORTEST} letters and digits`)
    if (words.length > MOST_WORDS) throw new Error(`a value has more than ${MOST_WORDS} words`)
    if (hashes.size >= MOST_VALUES) throw new Error(`there are more than ${MOST_VALUES} values`)
    shapes.add(`${words.length}:${joined.length}`)
    hashes.add(hashOf(salt, joined))
  }
  return { salt, shapes, hashes }
}

export function formatExactSet({ salt, shapes, hashes }: ExactSet): string {
  // Sorted, so that the order of the values is not told.
  return `${HEADER}\n${salt}\n${[...shapes].sort().join(' ')}\n${[...hashes].sort().join('\n')}\n`
}

/** Null when it is none. */
export function parseExactSet(text: string): ExactSet | null {
  const [header, salt = '', shapes = '', ...hashes] = text.trimEnd().split('\n')
  const isGood = header === HEADER && /^[\w-]{22}$/.test(salt) && hashes.every((each) => /^[\w-]{16}$/.test(each))
  if (!isGood || hashes.length === 0 || hashes.length > MOST_VALUES) return null
  return { salt, shapes: new Set(shapes.split(' ')), hashes: new Set(hashes) }
}

/** Fires on `count` different values of the set, whatever stands between their words and however letters are written. */
export function exactDetector(name: string, { salt, shapes, hashes }: ExactSet, count: number): TextDetector {
  const longest = Math.max(...[...shapes].map((shape) => Number(shape.split(':')[0])))
  return {
    name,
    confidence: 'high',
    look: (text) => {
      const words = wordsOf(text)
      const [seen, found] = [new Set<string>(), new Set<string>()]
      for (let at = 0; at < words.length; at++) {
        let joined = ''
        for (let length = 1; length <= longest && at + length <= words.length; length++) {
          joined = length === 1 ? words[at]! : `${joined} ${words[at + length - 1]}`
          if (!shapes.has(`${length}:${joined.length}`) || seen.has(joined)) continue
          if (seen.size >= MOST_HASHES) return 'too-much'
          seen.add(joined)
          const hashed = hashOf(salt, joined)
          if (hashes.has(hashed)) found.add(hashed)
        }
      }
      return found.size >= count ? found.size : 0
    },
  }
}

/** Runs of letters and digits, in small letters; octets beyond ASCII are letters. */
function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9\x80-\xff]{1,256}/g) ?? []
}

function hashOf(salt: string, joined: string): string {
  return hash('sha256', `${salt}\0${joined}`, 'base64url').slice(0, 16)
}
