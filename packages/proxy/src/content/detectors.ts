import { passesLuhn } from './check-digits.ts'
import type { Confidence, Findings } from './findings.ts'
import { ID_DIGITS, ID_WORDS, LONGEST_WORDS, NATIONAL_IDS } from './national-id.ts'
import type { TextWindow } from './text-windows.ts'

export const DETECTORS = [
  'payment-card',
  'iban',
  'us-ssn',
  'national-id',
  'private-key',
  'cloud-key',
  'api-token',
  'secret',
  'archive',
  'executable',
] as const
/** What a rule's `content: { dlp: [...] }` may name; docs/reference/dlp.md lists the same, a test compares both. */
export type Detector = (typeof DETECTORS)[number]

/** Every pattern is bounded, so that no text takes long. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----[^-]{0,4000}/g
/** Programs that read keys have the first line alone. */
const KEY_BODY = /[A-Za-z0-9+/]{40}/
const CLOUD_KEY =
  /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b|"private_key_id": {0,2}"[0-9a-f]{40}"|AccountKey=[A-Za-z0-9+/]{86}==/g
const API_TOKEN =
  /\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{60,255}\b|\bglpat-[\w-]{20,64}\b|\bxox[abeoprs]-\d[A-Za-z0-9-]{20,255}\b|\b[rs]k_live_[A-Za-z0-9]{24,128}\b|\bnpm_[A-Za-z0-9]{36}\b|\bSG\.[\w-]{22}\.[\w-]{43}\b/g
const ASSIGNED =
  /\b(?:secret|token|passw(?:or)?d|api[_-]?key|client[_-]?secret)["']?[ \t]{0,4}[:=][ \t]{0,4}["']([A-Za-z0-9+/_\-=]{20,128})["']/gi
const SSN = /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g
const SSN_WORDS = /\bssn\b|social.{0,3}security/i
const CARD =
  /(?<![\d.,/-])(?:\d{13,19}|\d{4}([ +-]|\xa0|\xc2\xa0)\d{4}\1\d{4}\1\d{4}|3\d{3}([ +-]|\xa0|\xc2\xa0)\d{6}\2\d{5})(?![\d.,/-]?\d)/g
const CARD_WORDS = /card|visa|master|amex|american express|cvv|cvc|expir|kredit|carte|tarjeta|\bpan\b/i
const IBAN = /\b[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?:[ +][A-Z0-9]{4}){2,7}(?:[ +][A-Z0-9]{1,3})?)\b/g

/** How far from a number the words stand that say what it is. */
const NEAR = 80

/** What a part of a text holds; it has one character an octet. `cards`: those of the whole text that no word speaks of. */
export function detectInText(window: TextWindow, findings: Findings, cards: Set<string>): void {
  const { text } = window
  const each = (detector: Detector, confidence: Confidence, pattern: RegExp, holds: Holds = () => true): void => {
    for (const match of ownMatches(window, pattern)) if (holds(match)) findings.add(detector, confidence, match[0])
  }
  for (const [key] of ownMatches(window, PRIVATE_KEY))
    findings.add('private-key', KEY_BODY.test(key) ? 'high' : 'low', key)
  each('cloud-key', 'high', CLOUD_KEY)
  each('api-token', 'high', API_TOKEN)
  each('iban', 'high', IBAN, ([iban]) => isIban(iban))
  each('us-ssn', 'medium', SSN, ({ index }) => SSN_WORDS.test(around(text, index)))
  each('secret', 'low', ASSIGNED, ([, value]) => looksRandom(value!))
  findCards(window, findings, cards)
  findNationalIds(window, findings)
}

function* ownMatches({ text, from, to }: TextWindow, pattern: RegExp): Generator<RegExpExecArray> {
  for (const match of text.matchAll(pattern)) {
    if (match.index >= to) return
    if (match.index >= from) yield match
  }
}

type Holds = (match: RegExpExecArray) => boolean

/** Beside a word that speaks of cards, or three different ones: one in ten numbers passes the check digit by chance. */
function findCards(window: TextWindow, findings: Findings, alone: Set<string>): void {
  const { text } = window
  for (const { 0: written, index } of ownMatches(window, CARD)) {
    const digits = written.replace(/\D/g, '')
    if (!isCardNumber(digits)) continue
    if (CARD_WORDS.test(around(text, index))) findings.add('payment-card', 'high', digits)
    else if (alone.size < MOST_ALONE) alone.add(digits)
  }
  if (alone.size >= 3) for (const digits of alone) findings.add('payment-card', 'medium', digits)
}

function findNationalIds(window: TextWindow, findings: Findings): void {
  const { text } = window
  if (!speaksOfIds(text)) return
  for (const { number, words, holds } of Object.values(NATIONAL_IDS)) {
    if (!words.test(text)) continue
    for (const { 0: written, index } of ownMatches(window, number)) {
      const digits = written.replace(/[ .+-]/g, '')
      if (words.test(around(text, index)) && holds(digits)) findings.add('national-id', 'medium', digits)
    }
  }
}

/** Whether words of some country stand near digits: most texts have digits or words, and few have both. */
function speaksOfIds(text: string): boolean {
  let seenTo = 0
  for (const { 0: digits, index } of text.matchAll(ID_DIGITS)) {
    const end = index + digits.length + NEAR
    if (ID_WORDS.test(text.slice(Math.max(seenTo - LONGEST_WORDS, index - NEAR), end))) return true
    seenTo = end
  }
  return false
}

const MOST_ALONE = 1000

const around = (text: string, index: number): string => text.slice(Math.max(0, index - NEAR), index + NEAR)

/** Ranges and lengths of issuers (ISO/IEC 7812), then Luhn. */
const ISSUERS =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}|35\d{14}|62\d{14,17})$/

export function isCardNumber(digits: string): boolean {
  if (!ISSUERS.test(digits) || /^(\d)\1+$/.test(digits)) return false
  return passesLuhn(digits)
}

/** Lengths of countries (ISO 13616 registry), then modulo 97. */
const IBAN_LENGTH: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 VG24 XK20'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

export function isIban(written: string): boolean {
  const text = written.replace(/[ +]/g, '')
  if (IBAN_LENGTH[text.slice(0, 2)] !== text.length) return false
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** Bits of a character: English and identifiers have under 4, random base64 of this length over it; words joined by hyphens do not. */
function looksRandom(value: string): boolean {
  const counts = new Map<string, number>()
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits > 3.7 && /\d/.test(value) && /[A-Za-z]/.test(value)
}

const MAGIC: readonly (readonly [Detector, number, string])[] = [
  ['archive', 0, 'PK\x03\x04'],
  ['archive', 0, '\x1f\x8b\x08'],
  ['archive', 0, '7z\xbc\xaf\x27\x1c'],
  ['archive', 0, 'Rar!\x1a\x07'],
  ['archive', 0, '\xfd7zXZ\0'],
  ['archive', 4, '1AY&SY'],
  ['archive', 0, '\x28\xb5\x2f\xfd'],
  ['archive', 257, 'ustar'],
  ['executable', 0, '\x7fELF'],
  ['executable', 0, '\xcf\xfa\xed\xfe'],
  ['executable', 0, '\xca\xfe\xba\xbe'],
]

/** What kind of file begins with the text, one character an octet. */
export function detectFileType(text: string): Detector | null {
  const known = MAGIC.find(([, offset, magic]) => text.startsWith(magic, offset))?.[0] ?? null
  return known ?? (isPortable(text) ? 'executable' : null)
}

/** A program of Windows. Its first two octets alone are letters; what they lead to is not. */
function isPortable(text: string): boolean {
  if (!text.startsWith('MZ') || text.length < 64) return false
  const header = [0x3f, 0x3e, 0x3d, 0x3c].reduce((sum, at) => sum * 256 + text.charCodeAt(at), 0)
  return header >= 64 && header < 4096 && (header + 4 > text.length || text.startsWith('PE\0\0', header))
}
