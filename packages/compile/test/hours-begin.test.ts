import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDomainName, type DomainName, type DomainPattern } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies, type DomainPatterns, type World } from '@sallyport/policy'
import { compilePolicy } from '../src/index.ts'

const TEXT = `sallyport: 1
default: deny
rules:
  - { id: day, action: allow, to: [{ feed: day }], when: { hours: "08:00-18:00", zone: UTC } }
  - { id: night, action: allow, to: [{ feed: night }], when: { hours: "18:00-08:00", zone: UTC } }
  - { id: ever, action: allow, to: [{ domain: ever.example }] }
`
const NOON = Date.UTC(2026, 0, 5, 12)
const MIDNIGHT = Date.UTC(2026, 0, 6)

/** A list that counts how often it is walked. */
class Walked implements Iterable<DomainPattern> {
  walks = 0
  readonly length = 1
  readonly #name: DomainName

  constructor(name: string) {
    this.#name = parseDomainName(name)!
  }

  *[Symbol.iterator](): Generator<DomainPattern, void, undefined> {
    this.walks++
    yield { kind: 'both', name: this.#name }
  }
}

test('lists of names are read once, whatever hours begin and end', () => {
  const lists = { day: new Walked('day.example'), night: new Walked('night.example') }
  const feed = (domains: DomainPatterns): ReturnType<World['feed']> => ({ domains, prefixes: [] })
  const world: World = { ...EMPTY_WORLD, feed: (name) => feed(lists[name as keyof typeof lists]) }
  const read = parsePolicies([{ file: 'p.yaml', text: TEXT }])
  const policy = read.ok ? read.value : assert.fail(read.problems.map(({ message }) => message).join())
  const compiled = compilePolicy(policy, world, { atMs: NOON })
  const walks = [lists.day.walks, lists.night.walks]
  const at = (name: string, time: number): string =>
    compiled.decide({ domain: parseDomainName(name)!, port: 443, time }).verdict
  for (const [time, verdicts] of [
    [NOON, ['allow', 'deny', 'allow']],
    [MIDNIGHT, ['deny', 'allow', 'allow']],
  ] as const) {
    assert.deepEqual(
      ['day.example', 'night.example', 'ever.example'].map((name) => at(name, time)),
      verdicts,
    )
  }
  assert.deepEqual([lists.day.walks, lists.night.walks], walks)
})
