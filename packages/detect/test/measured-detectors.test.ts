import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseDomainPattern } from '@sallyport/net'
import type { DetectorName } from '../src/index.ts'
import { random } from './labelled-traffic.ts'
import { measureDetectors, type Row } from './measure/measure-detectors.ts'

/** Names of two syllables or three, as people make them; the real ones are those of `npm run bench -- detect`. */
function inventedSites(count: number): readonly string[] {
  const next = random(2)
  const syllables =
    'ba be bo ca co da de di do fa fi go ha he ka la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va vi'
  const parts = syllables.split(' ')
  const syllable = (): string => parts[Math.floor(next() * parts.length)]!
  return Array.from({ length: count }, () => `${syllable()}${syllable()}${syllable()}${syllable()}.example`)
}

const LISTED: Readonly<Record<string, readonly string[]>> = {
  'remote-access': ['.anydesk.com'],
  vpn: ['.nordvpn.com'],
  tor: ['.torproject.org'],
}

/** What the detectors must do at least: recall, precision, false alerts of a machine in 100 days behind the first. */
const FLOORS: Readonly<
  Partial<Record<DetectorName, readonly [recall: number, precision: number, falseIn100: number]>>
> = {
  beacon: [0.95, 0.75, 15],
  'long-connection': [0.95, 0.8, 3],
  'upload-volume': [0.9, 0.6, 10],
  'dns-tunnel': [1, 1, 0],
  // One family of seven joins words of lists so long that no two names share them.
  'generated-domain': [0.85, 0.95, 0],
  'many-refusals': [1, 0.95, 2],
  'protocol-mismatch': [1, 1, 0],
  'name-mismatch': [1, 0.9, 10],
  'remote-access': [1, 1, 0],
  anonymiser: [1, 1, 0],
  'new-application': [1, 0.5, 10],
  'new-destination': [0.95, 0.95, 2],
  'rare-destination': [0.95, 0.9, 3],
  'feed-hit': [1, 1, 0],
  'rule-alert': [1, 1, 0],
}

suite('detectors over offices of ten machines in which everything happens that they are there for', () => {
  const rows = new Map<DetectorName, Row>()
  const category = (name: string) => ({
    domains: (LISTED[name] ?? []).map((text) => parseDomainPattern(text)!),
    prefixes: [],
  })
  test('the traffic of eleven days is made and looked at', () => {
    const plan = {
      seed: 5,
      machines: 10,
      days: 11,
      quietDays: 7,
      everyMs: 86_400_000,
      sites: inventedSites(3000),
      category,
      isListed: () => false,
      isGateway: false,
    }
    for (const row of measureDetectors(plan)) rows.set(row.detector, row)
  })

  for (const [detector, [recall, precision, falseIn100]] of Object.entries(FLOORS)) {
    test(`${detector} finds ${recall * 100} % at least, and is right in ${precision * 100} %`, (context) => {
      const row = rows.get(detector as DetectorName)!
      const { falseLaterDays, falseSentences, kinds } = row
      context.diagnostic(
        `recall ${row.recall.toFixed(2)}, precision ${row.precision.toFixed(2)}, ${row.falseFirstDay} false on the first day, ${falseLaterDays.toFixed(3)} on others`,
      )
      const missed = kinds
        .filter(({ found, all }) => found < all)
        .map(({ kind, found, all }) => `${found} of ${all} ${kind}`)
      assert.ok(row.recall >= recall, missed.join('; '))
      assert.ok(row.precision >= precision, falseSentences.slice(0, 10).join('\n'))
      assert.ok(falseLaterDays * 100 <= falseIn100, falseSentences.slice(0, 10).join('\n'))
    })
  }
})
