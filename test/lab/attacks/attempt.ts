import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../open-lab.ts'
import type { Attack } from './attack.ts'
import type { AttackWorld } from './attack-world.ts'

/** Where an attempt is made from. */
export type Place = {
  /** Stands for `$PLACE` in what is attempted. */
  readonly name: string
  /** What starts the command. */
  readonly prefix: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export type Attempted = { readonly through: boolean; readonly output: string; readonly afterMs: number }

/** Long enough for what was sent to arrive, where the sender has ended already. What it said is there by then. */
const ARRIVES_MS = 1000
const LOOKED_EVERY_MS = 40

/** Tries until it is through, or the tool gives up, or its time is over. */
export async function attempt(
  lab: Lab,
  world: AttackWorld,
  attack: Attack,
  { name, prefix, env }: Place,
  limitMs: number,
): Promise<Attempted> {
  const began = performance.now()
  const arrivedBefore = arrivalsOf(world, attack)
  // timeout(1) makes a group of it, which holds what is left in the background too.
  const limited = ['timeout', String(limitMs / 1000), 'sh', '-c', attack.attempt]
  const started = lab.start('client', [...prefix, ...limited], { input: '', env: { ...env, PLACE: name } })
  let output = ''
  for (const stream of [started.child.stdout!, started.child.stderr!])
    stream.on('data', (text: string) => (output += text))
  const { through } = attack
  const isThrough = (): boolean => {
    if ('says' in through) return through.says.test(output)
    if ('asked' in through) return world.questions().includes(through.asked.replace('$PLACE', name))
    return arrivalsOf(world, attack) > arrivedBefore
  }
  let over = false
  started.child.once('exit', () => (over = true))
  while (!over && !isThrough()) await sleep(LOOKED_EVERY_MS)
  endGroup(started.child.pid!)
  await started.ended
  const arrivesByMs = 'says' in through ? 0 : performance.now() + ARRIVES_MS
  while (!isThrough() && performance.now() < arrivesByMs) await sleep(LOOKED_EVERY_MS)
  return { through: isThrough(), output, afterMs: performance.now() - began }
}

function arrivalsOf(world: AttackWorld, { through }: Attack): number {
  if (!('arrives' in through)) return 0
  return world.arrivals.all().filter(({ kind, to }) => `${kind} ${to}` === through.arrives).length
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}
