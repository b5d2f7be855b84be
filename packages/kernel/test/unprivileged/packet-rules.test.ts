import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markOf, packetRules } from '../../src/unprivileged/inside/packet-rules.ts'

const outputOf = (family: 4 | 6, generation = 0, hasBpf = true): readonly string[] =>
  packetRules({ family, generation, hasBpf })
    .split('\n')
    .filter((line) => line.startsWith('-A OUTPUT'))
const at = (rules: readonly string[], text: string): number => {
  const found = rules.findIndex((rule) => rule.includes(text))
  assert.notEqual(found, -1, text)
  return found
}

for (const family of [4, 6] as const) {
  test(`over IPv${family} a SYN is asked about whatever mark its connection has`, () => {
    const rules = outputOf(family)
    const syn = at(rules, '--syn -j NFQUEUE')
    for (const mark of ['allow', 'await', 'count'] as const)
      assert.ok(syn < at(rules, `-m connmark --mark ${markOf(mark, 0)}`), mark)
  })

  test(`over IPv${family} what no rule knows is asked about, and nothing leaves where nobody answers`, () => {
    assert.match(outputOf(family).at(-1)!, /^-A OUTPUT -j NFQUEUE --queue-num 0$/)
    assert.ok(outputOf(family).every((rule) => !rule.includes('bypass')))
  })

  test(`over IPv${family} what an earlier policy allowed is no mark of this one`, () => {
    for (const mark of ['allow', 'count'] as const) {
      const earlier = `--mark ${markOf(mark, 1)} `
      assert.ok(outputOf(family, 1).some((rule) => rule.includes(earlier)))
      assert.ok(!outputOf(family, 2).some((rule) => rule.includes(earlier)))
    }
  })

  test(`over IPv${family} packets without octets are asked about where the kernel cannot tell them`, () => {
    assert.ok(outputOf(family).some((rule) => rule.includes('-m bpf')))
    assert.ok(!outputOf(family, 0, false).some((rule) => rule.includes('-m bpf')))
  })
}
