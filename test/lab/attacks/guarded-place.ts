import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askSallyport } from '../guarded-network.ts'
import type { Lab } from '../open-lab.ts'
import type { Attack } from './attack.ts'
import type { AttackWorld } from './attack-world.ts'
import type { Attempted, Place } from './attempt.ts'
import { evidence, NO_ANSWER, recordedFlows, type Evidence } from './evidence.ts'
import { POLICIES, type PolicyName } from './policies.ts'
import { tryAll, type Limit } from './try-all.ts'

export type Trial = {
  readonly seen: ReadonlyMap<Attack, Attempted & Evidence>
  /** Under which policies what they let through came through. */
  readonly lets: readonly PolicyName[]
}

/** Where Sallyport guards while the attempts are made. */
export type Guarded = { readonly host: string; readonly report: string; readonly place: Place }

/** Records are written in batches. */
const RECORDED_WITHIN_MS = 500

/** Every policy in turn, and under each the attacks that it is to stop. */
export async function tryGuarded(
  lab: Lab,
  world: AttackWorld,
  attacks: readonly Attack[],
  { host, report, place }: Guarded,
  limitMs: Limit,
): Promise<Trial> {
  const lets: PolicyName[] = []
  const seen = new Map<Attack, Attempted & Evidence>()
  const tryThese = async (these: readonly Attack[]): Promise<void> => {
    const tried = await tryAll(lab, world, these, place, limitMs)
    await sleep(RECORDED_WITHIN_MS)
    const flows = recordedFlows(join(lab.directory, report))
    for (const [attack, each] of tried) seen.set(attack, { ...each, ...evidence(attack, flows, each.output) })
  }
  for (const name of Object.keys(POLICIES) as PolicyName[]) {
    await askSallyport(lab, host, '/apply', {
      files: [{ file: `${name}.yaml`, text: policyText(name, lab.directory) }],
      mode: 'enforce',
      author: 'lab',
    })
    const passed = await lab.run('client', [...place.prefix, 'sh', '-c', POLICIES[name].lets], { env: place.env })
    if (passed.stdout.includes('hello from')) lets.push(name)
    await tryThese(attacks.filter((attack) => attack.under === name))
    // On a busy machine a tool may not have come to its attempt in time.
    await tryThese([...seen].filter(([{ under }, each]) => under === name && isSilent(each)).map(([attack]) => attack))
  }
  return { seen, lets }
}

function isSilent({ through, by }: Attempted & Evidence): boolean {
  return !through && by.includes(NO_ANSWER)
}

function policyText(name: PolicyName, directory: string): string {
  const rules = POLICIES[name].rules.map((rule) => `  - { ${rule.replaceAll('$DIR', directory)} }\n`)
  return `sallyport: 1\nname: ${name}\nmode: enforce\nrules:\n${rules.join('')}`
}
