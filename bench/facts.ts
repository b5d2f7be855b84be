import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  askedToLearn,
  askedToSimulate,
  compilePolicy,
  learnPolicy,
  simulatePolicy,
  type AskedOfFlows,
} from '@sallyport/compile'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import { FlowStore, ReadableGroups } from '@sallyport/store'
import { spreadText } from './spread.ts'

/**
 * `simulate` and `learn` over a month of 400 people's flows, from the store: `SALLYPORT_BENCH_FLOWS` of them, a million unless given, in a directory of
 * `many-flows.ts` that is made, or is `SALLYPORT_BENCH_STORE`.
 */
const FLOWS = process.env['SALLYPORT_BENCH_FLOWS'] ?? '1000000'
const ROUNDS = 3
const NOW = Date.UTC(2026, 9, 31)

const CANDIDATES = {
  'applications and names': [
    {
      id: 'browsers',
      action: 'allow',
      from: [{ app: '/usr/lib/*' }],
      to: ['.example'],
      ports: [80, 443],
      assurance: 'dns',
    },
    {
      id: 'programs',
      action: 'allow',
      from: [{ app: '/usr/bin/*' }],
      to: ['.site-100.example'],
      ports: [443],
      assurance: 'dns',
    },
  ],
  'ports alone': [{ id: 'web', action: 'allow', ports: [80, 443] }],
  'users, groups and countries': [
    { id: 'one', action: 'deny', from: [{ user: 'user7' }], to: [{ country: ['CN', 'RU'] }] },
    { id: 'staff', action: 'allow', from: [{ group: 'staff' }], ports: [443] },
  ],
} as const

const learning = {
  name: 'learned',
  world: EMPTY_WORLD,
  nowMs: NOW,
  suspicious: () => null,
  suspectFacts: new Set<never>(),
  usersForAll: 3,
  hostsForDomain: 3,
  hostsForService: 2,
  addressesForPrefix: 8,
  services: new Map<never, never>(),
}

async function measure(name: string, asked: AskedOfFlows, work: (recorded: ReadableGroups) => Promise<string>) {
  const [clock, cpu]: [number[], number[]] = [[], []]
  let said = ''
  for (let round = 0; round < ROUNDS; round++) {
    const [begun, before] = [performance.now(), process.cpuUsage()]
    said = await work(new ReadableGroups(store, [], asked))
    const { user, system } = process.cpuUsage(before)
    clock.push((performance.now() - begun) / 1000)
    cpu.push((user + system) / 1_000_000)
  }
  console.log(`${name}: ${spreadText(clock, 2)} s, of processors ${spreadText(cpu, 2)} s; ${said}`)
}

const given = process.env['SALLYPORT_BENCH_STORE']
const root = given ?? mkdtempSync(join(tmpdir(), 'sallyport-facts-'))
if (given === undefined) execFileSync(process.execPath, [join(import.meta.dirname, 'many-flows.ts'), root, FLOWS])
using store = await FlowStore.open(join(root, 'flows'))
for (const [name, rules] of Object.entries(CANDIDATES)) {
  const layer = definePolicy({ sallyport: 1, name: 'candidate', rules: rules as never })
  const candidate = compilePolicy({ layers: [layer] }, EMPTY_WORLD, { atMs: NOW })
  await measure(`simulate, rules of ${name}`, askedToSimulate(candidate), async (recorded) => {
    const { flows, distinct, changed } = await simulatePolicy(candidate, recorded)
    return `${flows} flows in ${distinct} groups, ${changed.blocked} would be blocked`
  })
}
await measure('learn', askedToLearn(learning), async (recorded) => {
  const { evidence, covered } = await learnPolicy(recorded, learning)
  return `${evidence.length} rules for ${covered} flows`
})
console.log(`${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB resident at most`)
if (given === undefined) rmSync(root, { recursive: true })
