import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openWorld } from '@sallyport/catalog'
import { compilePolicy } from '@sallyport/compile'
import { parseDomainName, type DomainName } from '@sallyport/net'
import { parsePolicies, type Policy } from '@sallyport/policy'
import { compileApart } from '../../src/names-thread/compile-apart.ts'

const MANY = 30_000
const OPTIONS = { atMs: Date.UTC(2026, 0, 1), seed: [7, 9] } as const

const policy = ((): Policy => {
  const rules = [
    '  - { id: few, action: allow, to: [{ feed: few }] }',
    '  - { id: many, action: deny, to: [{ feed: many }] }',
    '  - { id: own, action: deny, to: [{ domain: [n5.example, "*.own.example"] }] }',
  ]
  const read = parsePolicies([{ file: 'p.yaml', text: `sallyport: 1\ndefault: allow\nrules:\n${rules.join('\n')}\n` }])
  return read.ok ? read.value : assert.fail(read.problems.map(({ message }) => message).join())
})()

for (const kept of [true, false]) {
  test(`a policy compiled by a thread decides as one compiled here, with lists ${kept ? 'in files' : 'in memory'}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-names-'))
    try {
      const many = Array.from({ length: MANY }, (_, at) => `||n${at}.example^`)
      writeFileSync(join(directory, 'many'), [...many, '@@||a.n7.example^'].join('\n'))
      writeFileSync(join(directory, 'few'), 'n3.example\nw.n7.example\n')
      const feeds = { many: join(directory, 'many'), few: join(directory, 'few') }
      const world = await openWorld({ feeds, apart: true, ...(kept ? { compiled: join(directory, 'compiled') } : {}) })
      const here = compilePolicy(policy, world, OPTIONS)
      const apart = await compileApart(policy, world, OPTIONS)
      const names = ['n1', 'n3', 'n5', 'n7', 'a.n7', 'w.n7', 'x.a.n7', `n${MANY}`, 'x.own', 'own', 'free']
      const verdicts = names.map((name) => {
        const domain = parseDomainName(`${name}.example`) as DomainName
        const decided = here.decide({ domain, port: 443 })
        assert.deepEqual(apart.decide({ domain, port: 443 }), decided)
        return decided.verdict
      })
      assert.deepEqual(new Set(verdicts), new Set(['allow', 'deny']))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
}
