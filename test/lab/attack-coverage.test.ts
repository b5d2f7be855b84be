import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import type { Attack, Outcome } from './attacks/attack.ts'
import { ELSEWHERE } from './attacks/elsewhere.ts'
import type { Trial } from './attacks/guarded-place.ts'
import { POLICIES, type PolicyName } from './attacks/policies.ts'
import { renderCoverage } from './attacks/render-coverage.ts'
import { ATTACKS } from './attacks/table.ts'
import { tryEverywhere, type Trials } from './attacks/try-everywhere.ts'
import { needsRoot } from './open-lab.ts'

const PAGE = new URL('../../docs/reference/attack-coverage.md', import.meta.url)
const MODULES = '/sys/kernel/security/lsm'

/** Where they are on, `up` refuses packet sockets too, and the page would say so. */
const hasBpfModules = existsSync(MODULES) && readFileSync(MODULES, 'utf8').split(',').includes('bpf')

suite('attacks', { skip: needsRoot }, () => {
  const attacks = Object.values(ATTACKS).flat()
  let trials: Trials
  before(async () => (trials = await tryEverywhere(attacks)))

  const holds = (attack: Attack, { seen }: Trial, expected: Outcome): void => {
    const result = seen.get(attack)
    if (expected.is === 'elsewhere') return
    assert.ok(result !== undefined)
    assert.equal(result.through, expected.is === 'passes', result.output)
    if (attack.told !== undefined) assert.ok(result.alerts.has(attack.told), `alerts: ${[...result.alerts].join()}`)
  }

  for (const attack of attacks)
    test(`${attack.technique}: ${attack.what} (${attack.tool})`, (context) => {
      const open = trials.unguarded.get(attack)
      assert.equal(open?.through, true, `the tool does not get through where nothing guards: ${open?.output}`)
      if (attack.needsPacketSockets === true && hasBpfModules) return context.skip('BPF security modules are on')
      holds(attack, trials.endpoint, attack.endpoint)
      holds(attack, trials.gateway, attack.gateway)
      holds(attack, trials.run, attack.run)
    })

  test('what a policy lets through comes through', () => {
    const names = Object.keys(POLICIES) as PolicyName[]
    assert.deepEqual(trials.endpoint.lets, names)
    assert.deepEqual(
      trials.gateway.lets,
      names.filter((name) => POLICIES[name].notAtGateway === undefined),
    )
    assert.deepEqual(trials.run.lets, names)
  })

  test('what is said to be tried elsewhere has its file', () => {
    for (const file of Object.values(ELSEWHERE)) assert.ok(existsSync(new URL(`../../${file}`, import.meta.url)), file)
  })

  test('the page says what this run saw', () => {
    const rendered = renderCoverage(ATTACKS, trials)
    if (process.env['SALLYPORT_WRITE_COVERAGE'] === '1') writeFileSync(PAGE, rendered)
    assert.equal(readFileSync(PAGE, 'utf8'), rendered)
  })
})
