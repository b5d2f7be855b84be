import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
export type Guarded = {
  /** Puts a policy in force; null where that is not taken. `report` is where flows are recorded then. */
  readonly under: (name: PolicyName) => Promise<{ readonly place: Place; readonly report: string } | null>
}

/** Records are written in batches: by then all are there, unless the machine does much else. */
const RECORDED_WITHIN_MS = 500
const RECORDED_AT_LAST_MS = 5000

/** Every policy in turn, and under each the attacks that it is to stop. */
export async function tryGuarded(
  lab: Lab,
  world: AttackWorld,
  attacks: readonly Attack[],
  { under }: Guarded,
  limitMs: Limit,
): Promise<Trial> {
  const lets: PolicyName[] = []
  const seen = new Map<Attack, Attempted & Evidence>()
  for (const name of Object.keys(POLICIES) as PolicyName[]) {
    const guarded = await under(name)
    if (guarded === null) continue
    const { place, report } = guarded
    const tryThese = async (these: readonly Attack[]): Promise<void> => {
      const tried = await tryAll(lab, world, these, place, limitMs)
      const deadline = performance.now() + RECORDED_AT_LAST_MS
      const look = async (): Promise<boolean> => {
        await sleep(RECORDED_WITHIN_MS)
        const flows = recordedFlows(join(lab.directory, report))
        for (const [attack, each] of tried) seen.set(attack, { ...each, ...evidence(attack, flows, each.output) })
        return these.every((attack) => !isSilent(seen.get(attack)!) && isTold(attack, seen.get(attack)!))
      }
      while (!(await look()) && performance.now() < deadline);
    }
    const passed = await lab.run('client', [...place.prefix, 'sh', '-c', POLICIES[name].lets], { env: place.env })
    if (passed.stdout.includes('hello from')) lets.push(name)
    await tryThese(attacks.filter((attack) => attack.under === name))
    // On a busy machine a tool may not have come to its attempt in time.
    await tryThese(
      [...seen].filter(([attack, each]) => attack.under === name && isSilent(each)).map(([attack]) => attack),
    )
  }
  return { seen, lets }
}

function isSilent({ through, by }: Attempted & Evidence): boolean {
  return !through && by.includes(NO_ANSWER)
}

function isTold({ told }: Attack, { alerts }: Evidence): boolean {
  return told === undefined || alerts.has(told)
}

/** `directory` is where the programs are that it names. */
export function policyText(name: PolicyName, directory: string): string {
  const rules = POLICIES[name].rules.map((rule) => `  - { ${rule.replaceAll('$DIR', directory)} }\n`)
  return `sallyport: 1\nname: ${name}\nmode: enforce\nrules:\n${rules.join('')}`
}
