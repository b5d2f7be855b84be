import { attempt, type Attempted, type Place } from './attempt.ts'
import type { Lab } from '../open-lab.ts'
import type { Attack } from './attack.ts'
import type { AttackWorld } from './attack-world.ts'

export type Limit = (attack: Attack) => number

/** What one machine of two processors does at a time without one attempt slowing another. */
const AT_ONCE = 8

export async function tryAll(
  lab: Lab,
  world: AttackWorld,
  attacks: readonly Attack[],
  place: Place,
  limitMs: Limit,
): Promise<ReadonlyMap<Attack, Attempted>> {
  const results = new Map<Attack, Attempted>()
  // The longest first, so that none is waited for alone.
  const waiting = attacks.toSorted((a, b) => limitMs(a) - limitMs(b))
  const worker = async (): Promise<void> => {
    for (let attack = waiting.pop(); attack !== undefined; attack = waiting.pop())
      results.set(attack, await attempt(lab, world, attack, place, limitMs(attack)))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}
