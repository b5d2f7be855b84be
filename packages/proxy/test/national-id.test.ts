import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEFAULT_SCAN_LIMITS, scanContent } from '../src/content/scan-content.ts'
import { NATIONAL_IDS } from '../src/content/national-id.ts'

/** Numbers that authorities and standards give as examples, or that their check digits make sound. */
const SOUND: Readonly<Record<string, readonly string[]>> = {
  AU: ['TFN 123 456 782'],
  BE: ['Rijksregisternummer 85.07.30-033.28', 'registre national: 85073003328'],
  BR: ['CPF: 111.444.777-35'],
  CA: ['SIN 130 692 544'],
  CH: ['AHV-Nr. 756.9217.0769.85'],
  CN: ['resident ID 11010519491231002X', '身份证 11010519491231002X'],
  DE: ['Steuer-ID: 86 095 742 719'],
  ES: ['DNI 12345678Z', 'NIE X-1234567-L'],
  FI: ['henkilötunnus 131052-308T'],
  FR: ['numéro de sécurité sociale 2 55 08 14 168 025 38'],
  GB: ['National Insurance number AB 12 34 56 C'],
  IE: ['PPS number 1234567T', 'PPSN 1234567FA'],
  IN: ['Aadhaar 2341 2341 2346'],
  IT: ['codice fiscale RSSMRA85T10A562S'],
  JP: ['My Number: 1234 5678 9018'],
  NL: ['BSN: 111222333'],
  NO: ['fødselsnummer 15076500565'],
  PL: ['PESEL 44051401359'],
  SE: ['personnummer 811218-9876', 'personnummer 19811218-9876'],
  TR: ['TC kimlik no 10000000146'],
  ZA: ['ID number 8001015009087'],
}

const fired = async (text: string): Promise<readonly string[]> => {
  const { findings } = await scanContent(Buffer.from(text), [], DEFAULT_SCAN_LIMITS)
  return findings.map(({ detector, confidence }) => `${detector} ${confidence}`)
}

/** The same with another digit, so that the check digits do not hold. */
const damaged = (text: string): string => text.replace(/(\d)(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10))

suite('numbers of persons', () => {
  for (const [country, texts] of Object.entries(SOUND)) {
    for (const text of texts) {
      test(`${country}: ${text}`, async () => {
        assert.deepEqual(await fired(text), ['national-id medium'])
        if (country !== 'GB') assert.deepEqual(await fired(damaged(text)), [])
        assert.deepEqual(await fired(text.replace(/^[^\d]*?(?=\b(?:[A-Z]{2} ?\d|[A-Z]{6}\d|X-|\d))/, 'part ')), [])
      })
    }
  }

  test('of every country are tested', () => assert.deepEqual(Object.keys(SOUND), Object.keys(NATIONAL_IDS)))

  test('are none far from the words, or within longer ones', async () => {
    assert.deepEqual(await fired(`BSN ${' '.repeat(100)} 111222333`), [])
    assert.deepEqual(await fired('BSN 1112223330 v1.111222333 111222333.5'), [])
  })
})
