import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, parseDomainName, prefixContains, type DomainPattern, type Prefix } from '@sallyport/net'
import { setHoldsName } from '@sallyport/policy'
import { DomainList } from '../../src/feeds/domain-list.ts'
import { ruleApplies, ruleKey, rulesBlock, type NameRule } from '../../src/feeds/name-rule.ts'
import { settleRules } from '../../src/feeds/settle-rules.ts'
import { subtractPrefix } from '../../src/feeds/subtract-prefix.ts'

const name = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((labels) => parseDomainName(labels.join('.'))!)
const pattern: fc.Arbitrary<DomainPattern> = fc.record({ kind: fc.constantFrom('name', 'below', 'both'), name })
const rule: fc.Arbitrary<NameRule> = fc.record({
  pattern,
  isException: fc.boolean(),
  isImportant: fc.boolean(),
  denyAllow: fc.array(name, { maxLength: 2 }),
  types: fc.constant(null),
})

test('settled patterns, of which the nearest decides, hold what the rules block', async () => {
  const cases = fc.tuple(
    fc.array(pattern, { maxLength: 8 }),
    fc.array(rule, { maxLength: 8 }),
    fc.array(rule, { maxLength: 2 }),
    name,
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([blocks, rules, cancelledRules, asked]) => {
      const plain = new DomainList()
      for (const each of blocks) plain.add(each)
      const cancelled = new Set(cancelledRules.map(ruleKey))
      const { domains, except } = settleRules(plain, rules, cancelled)
      const all = [
        ...blocks.map((each) => ({
          pattern: each,
          isException: false,
          isImportant: false,
          denyAllow: [],
          types: null,
        })),
        ...rules,
      ]
      const expected = rulesBlock(all.filter((each) => !cancelled.has(ruleKey(each)) && ruleApplies(each, asked)))
      assert.equal(setHoldsName({ domains, except, prefixes: [] }, asked), expected)
    }),
    { numRuns: 5000 },
  )
})

test('a prefix without another holds the addresses of the first that are not in the second', () => {
  const word = fc.constantFrom(0, 1, 0x80000000, 0xffffffff)
  const address = fc.tuple(word, word, word, word)
  const sized = fc.tuple(address, fc.integer({ min: 97, max: 128 })).map(([words, length]): Prefix => {
    const text = [0, 0, 0xffff, (words[3] & ~(2 ** (128 - length) - 1)) >>> 0] as const
    return { address: { words: text }, length }
  })
  fc.assert(
    fc.property(sized, sized, word, (outer, hole, last) => {
      const asked = { words: [0, 0, 0xffff, last] as const }
      const rest = subtractPrefix(outer, hole)
      assert.equal(
        rest.filter((each) => prefixContains(each, asked)).length,
        prefixContains(outer, asked) && !prefixContains(hole, asked) ? 1 : 0,
        `${formatPrefix(outer)} without ${formatPrefix(hole)}`,
      )
    }),
  )
})
