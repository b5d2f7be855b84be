import { AZ, letters } from '../labelled-traffic.ts'

/** Alphabets and lengths after Plohmann et al., "A Comprehensive Measurement Study of Domain Generating Malware" (USENIX Security 2016). */
export function generatorFamilies(): Readonly<Record<string, (next: () => number) => string>> {
  const some = (from: number, to: number, alphabet: string) => (next: () => number) =>
    letters(next, from + Math.floor(next() * (to - from + 1)), alphabet)
  const words =
    'table river green stone paper window garden summer bottle monday father silver orange letter market'.split(' ')
  return {
    'Conficker: 5 to 11 letters': some(5, 11, AZ),
    'Necurs: 7 to 21 letters': some(7, 21, AZ.slice(0, 25)),
    'CryptoLocker: 12 to 15 letters': some(12, 15, AZ.slice(0, 25)),
    'Gameover: 20 to 28 letters and digits': some(20, 28, `${AZ}0123456789`),
    'Bamital: 32 hexadecimal digits': some(32, 32, '0123456789abcdef'),
    'Suppobox: two words': (next) => `${words[Math.floor(next() * 15)]}${words[Math.floor(next() * 15)]}`,
  }
}
