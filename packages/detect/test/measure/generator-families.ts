import { AZ, letters } from '../labelled-traffic.ts'

/** A run of a generator: each call is its next name. */
export type Family = (next: () => number) => () => string

const SYLLABLES =
  'ba ber cal den dor el fen gar hol in jor kel lan mar ner or pen quil ran sol tem ul ver win yor zan'.split(' ')
/** Of Suppobox's lists: 128 words begin names, 256 end them. */
const FIRST_WORDS = 128
const LAST_WORDS = 256
/** Which bit of a word's number each bit of the seed becomes; the first seven are those of the first word. */
const SEED_BITS = [3, 9, 13, 6, 2, 4, 11, 7, 14, 1, 10, 5, 8, 12, 0]
/** Nouns and verbs that Matsnu has. */
const NOUNS = 878
const VERBS = 444

/**
 * Alphabets and lengths after Plohmann et al., "A Comprehensive Measurement Study of Domain Generating Malware" (USENIX Security 2016);
 * Matsnu after Skuratovich's report on it (Check Point, 2015); Suppobox after Geffner, "End-to-End Analysis of a Domain Generating Algorithm Malware Family" (Black Hat USA 2013).
 */
export function generatorFamilies(): Readonly<Record<string, Family>> {
  const some =
    (from: number, to: number, alphabet: string): Family =>
    (next) =>
    () =>
      letters(next, from + Math.floor(next() * (to - from + 1)), alphabet)
  return {
    'Conficker: 5 to 11 letters': some(5, 11, AZ),
    'Necurs: 7 to 21 letters': some(7, 21, AZ.slice(0, 25)),
    'CryptoLocker: 12 to 15 letters': some(12, 15, AZ.slice(0, 25)),
    'Gameover: 20 to 28 letters and digits': some(20, 28, `${AZ}0123456789`),
    'Bamital: 32 hexadecimal digits': some(32, 32, '0123456789abcdef'),
    'Suppobox: two words, by the bits of a counter': suppobox,
    'Matsnu: two nouns and a verb between them': matsnu,
  }
}

function suppobox(next: () => number): () => string {
  let seed = Math.floor(next() * 2 ** SEED_BITS.length)
  const list = Math.floor(next() * 3)
  return () => {
    const bits = SEED_BITS.map((to, from) => [to, (seed >> from) & 1] as const)
    seed++
    const valueOf = (from: number, to: number): number =>
      bits.reduce((sum, [at, bit]) => (at >= from && at < to ? sum + bit * 2 ** (to - 1 - at) : sum), 0)
    return word(`s${list}`, valueOf(0, 7)) + word(`s${list}`, FIRST_WORDS + (valueOf(7, 15) % LAST_WORDS))
  }
}

function matsnu(next: () => number): () => string {
  const noun = (): string => word('noun', Math.floor(next() * NOUNS))
  return () => noun() + word('verb', Math.floor(next() * VERBS)) + noun()
}

/** The word of a number in a list, of two syllables or three. */
function word(list: string, number: number): string {
  let hash = 2166136261
  for (const letter of `${list}${number}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0
  const count = 2 + (hash % 2)
  return Array.from({ length: count }, (_, at) => SYLLABLES[(hash >>> (1 + at * 7)) % SYLLABLES.length]!).join('')
}
