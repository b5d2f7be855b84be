import { passesLuhn, passesMod11And10, passesVerhoeff, weighed } from './check-digits.ts'

/** How numbers of persons of one country are written, told, and checked; `text` has one character an octet of UTF-8. */
type NationalId = {
  readonly number: RegExp
  readonly words: RegExp
  /** Digits and letters, without what stands between them. */
  readonly holds: (digits: string) => boolean
}

const EDGE = String.raw`(?<![\w.,/-])`
const END = String.raw`(?![\w]|[.,/-]\w)`
const written = (pattern: string): RegExp => new RegExp(EDGE + pattern + END, 'g')

const LETTERS_OF_23 = 'TRWAGMYFPDXBNJZSQVHLCKE'
const LETTERS_OF_31 = '0123456789ABCDEFHJKLMNPRSTUVWXY'
const mod11 = (sum: number): number => (11 - (sum % 11)) % 11

export const NATIONAL_IDS: Readonly<Record<string, NationalId>> = {
  AU: {
    number: written(String.raw`\d{3} ?\d{3} ?\d{3}`),
    words: /\btfn\b|tax file number/i,
    holds: (digits) => weighed(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
  BE: {
    number: written(String.raw`\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}`),
    words: /rijksregister|registre national|\bniss\b|\binsz\b/i,
    holds: (digits) =>
      ['', '2'].some((century) => 97 - (Number(century + digits.slice(0, 9)) % 97) === Number(digits.slice(9))),
  },
  BR: {
    number: written(String.raw`\d{3}\.?\d{3}\.?\d{3}-?\d{2}`),
    words: /\bcpf\b/i,
    holds: (digits) =>
      !/^(\d)\1+$/.test(digits) &&
      [9, 10].every((count) => {
        const weights = Array.from({ length: count }, (_, at) => count + 1 - at)
        return ((weighed(digits, weights) * 10) % 11) % 10 === Number(digits[count])
      }),
  },
  CA: {
    number: written(String.raw`\d{3}([ -]?)\d{3}\1\d{3}`),
    words: /\bSIN\b|social insurance n|assurance sociale/,
    holds: (digits) => /^[1-79]/.test(digits) && passesLuhn(digits),
  },
  CH: {
    number: written(String.raw`756\.?\d{4}\.?\d{4}\.?\d{2}`),
    words: /\bahv\b|\bavs\b|sozialversicherung/i,
    holds: (digits) => weighed(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  },
  CN: {
    number: written(String.raw`[1-6]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]`),
    words: /\xe8\xba\xab\xe4\xbb\xbd\xe8\xaf\x81|resident id|identity card/i,
    holds: (digits) =>
      '10X98765432'[weighed(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === digits[17],
  },
  DE: {
    number: written(String.raw`[1-9]\d ?\d{3} ?\d{3} ?\d{3}`),
    words: /steuer-?id|steuerliche id|steueridentifikation|\bidnr\b/i,
    holds: passesMod11And10,
  },
  ES: {
    number: written(String.raw`(?:\d{8}|[XYZ]-?\d{7})-?[A-Z]`),
    words: /\bdni\b|\bnie\b|\bnif\b|documento nacional/i,
    holds: (digits) => {
      const number = Number(digits.slice(0, -1).replace(/^[XYZ]/, (first) => String('XYZ'.indexOf(first))))
      return LETTERS_OF_23[number % 23] === digits.at(-1)
    },
  },
  FI: {
    number: written(String.raw`[0-3]\d[01]\d{3}[-+A]\d{3}[\dA-Y]`),
    words: /henkil.{1,2}tunnus|\bhetu\b|personbeteckning/i,
    holds: (digits) => LETTERS_OF_31[Number(digits.replace(/\D/g, '').slice(0, 9)) % 31] === digits.at(-1),
  },
  FR: {
    number: written(String.raw`[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}`),
    words: /s.{1,2}curit.{1,2} sociale|\bnir\b|\binsee\b/i,
    holds: (digits) => {
      const number = digits.slice(0, 13).replace('2A', '19').replace('2B', '18')
      return /^\d{13}$/.test(number) && 97 - (Number(number) % 97) === Number(digits.slice(13))
    },
  },
  GB: {
    number: written(
      String.raw`(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]( ?)\d{2}\1\d{2}\1\d{2}\1[A-D]`,
    ),
    words: /national insurance|\bnino\b|\bni (?:number|no)\b/i,
    holds: () => true,
  },
  IE: {
    number: written(String.raw`\d{7}[A-W][A-IW]?`),
    words: /\bppsn?\b|personal public service/i,
    holds: (digits) => {
      const extra = 9 * Math.max(0, 'WABCDEFGHI'.indexOf(digits[8] ?? 'W'))
      return 'WABCDEFGHIJKLMNOPQRSTUV'[(weighed(digits, [8, 7, 6, 5, 4, 3, 2]) + extra) % 23] === digits[7]
    },
  },
  IN: {
    number: written(String.raw`[2-9]\d{3}([ -]?)\d{4}\1\d{4}`),
    words: /aadha+r|\buidai\b/i,
    holds: passesVerhoeff,
  },
  IT: {
    number: written(String.raw`[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]`),
    words: /codice fiscale|\bcod\.? ?fisc|\bcf\b/i,
    holds: isCodiceFiscale,
  },
  JP: {
    number: written(String.raw`\d{4}([ -]?)\d{4}\1\d{4}`),
    words: /my ?number|individual number|\xe3\x83\x9e\xe3\x82\xa4\xe3\x83\x8a\xe3\x83\xb3\xe3\x83\x90\xe3\x83\xbc/i,
    holds: (digits) => mod11(weighed(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) % 10 === Number(digits[11]),
  },
  NL: {
    number: written(String.raw`\d{9}`),
    words: /\bbsn\b|burgerservicenummer|sofinummer/i,
    holds: (digits) => Number(digits) > 0 && weighed(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  NO: {
    number: written(String.raw`[0-7]\d[0-9]\d{3} ?\d{5}`),
    words: /f.{1,2}dselsnummer|personnummer/i,
    holds: (digits) =>
      mod11(weighed(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2])) === Number(digits[9]) &&
      mod11(weighed(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) === Number(digits[10]),
  },
  PL: {
    number: written(String.raw`\d{11}`),
    words: /\bpesel\b/i,
    holds: (digits) => weighed(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  },
  SE: {
    number: written(String.raw`(?:19|20)?\d{2}[01]\d[0-9]\d[-+]?\d{4}`),
    words: /personnummer|samordningsnummer/i,
    holds: (digits) => passesLuhn(digits.slice(-10)),
  },
  TR: {
    number: written(String.raw`[1-9]\d{10}`),
    words: /kimlik|\btckn\b/i,
    holds: (digits) => {
      const odd = weighed(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1])
      const even = weighed(digits, [0, 1, 0, 1, 0, 1, 0, 1])
      const tenth = (((odd * 7 - even) % 10) + 10) % 10
      return tenth === Number(digits[9]) && (odd + even + tenth) % 10 === Number(digits[10])
    },
  },
  ZA: {
    number: written(String.raw`\d{2}[01]\d[0-3]\d\d{4}[012]\d{2}`),
    words: /\bid (?:number|no)\b|identity number/i,
    holds: passesLuhn,
  },
}

/** What every number has at least. */
export const ID_DIGITS: RegExp = /\d(?:[ .-]?\d){5,}|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]/g
export const ID_WORDS: RegExp = new RegExp(
  Object.values(NATIONAL_IDS)
    .map(({ words }) => words.source)
    .join('|'),
  'i',
)
export const LONGEST_WORDS = 40

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

/** Characters in odd places count by a table of their own, the last letter checks them all. */
function isCodiceFiscale(text: string): boolean {
  let sum = 0
  for (let at = 0; at < 15; at++) {
    const character = text[at]!
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65
    sum += at % 2 === 0 ? ODD[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === text[15]
}
