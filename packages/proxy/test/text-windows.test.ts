import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { detectInText } from '../src/content/detectors.ts'
import { encodedRuns } from '../src/content/encoded-runs.ts'
import { Findings, type Finding } from '../src/content/findings.ts'
import { textWindows } from '../src/content/text-windows.ts'
import { withoutEscapes } from '../src/content/without-escapes.ts'

// In pieces, so that no scanner of this repository takes them for real ones.
const PIECES = [
  ['ghp_', 'abcdefghijklmnopqrstuvwxyz0123456789'].join(''),
  ['card 4111 1111 ', '1111 1111 '].join(''),
  '5555555555554444 ',
  '378282246310005 ',
  'DE89370400440532013000',
  'SSN: 078-05-1120 ',
  'BSN 111222333 ',
  ['-----BEGIN ', 'PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n'].join(''),
  'x',
  '1',
  ' ',
  '%34%31',
  '\\u0034\\/\\n',
  '&#52;&#x31;',
  '&#',
  '%',
  '\\',
  Buffer.from('harmless text that was encoded once').toString('base64'),
  Buffer.from('harmless text that was encoded once').toString('hex'),
  'lorem ipsum dolor sit amet '.repeat(5),
]
const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(''))
const sizes = fc.integer({ min: 70, max: 700 })

function found(text: string, size: number): readonly Finding[] {
  const findings = new Findings()
  const cards = new Set<string>()
  for (const window of textWindows(text, size)) detectInText(window, findings, cards)
  return findings.list()
}

suite('a text in parts is the whole text', () => {
  const same = (what: (text: string, size: number) => unknown): void => {
    fc.assert(
      fc.property(texts, sizes, (text, size) => assert.deepEqual(what(text, size), what(text, text.length + 1))),
      { numRuns: 500 },
    )
  }
  test('to detectors', () => same(found))
  test('to escapes', () => same((text, size) => [...withoutEscapes(text, size)].join('')))
  test('to runs that are encoded', () =>
    same((text, size) => [...encodedRuns(text, size)].flatMap((run) => run?.toString('latin1') ?? [])))
})
