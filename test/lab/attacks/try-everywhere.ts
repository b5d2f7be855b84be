import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findCgroupMount } from '@sallyport/kernel'
import { startEndpoint } from '../guarded-endpoint.ts'
import { askSallyport, startGateway } from '../guarded-network.ts'
import { WITH_RESOLVER } from '../lab-files.ts'
import type { Attack, Outcome } from './attack.ts'
import { openAttackLab } from './attack-lab.ts'
import { openAttackWorld } from './attack-world.ts'
import type { Attempted, Place } from './attempt.ts'
import { policyText, tryGuarded, type Guarded, type Trial } from './guarded-place.ts'
import { UserRuns } from './user-runs.ts'
import { tryAll, type Limit } from './try-all.ts'

export type Trials = {
  /** Without Sallyport. */
  readonly unguarded: ReadonlyMap<Attack, Attempted>
  readonly endpoint: Trial
  readonly gateway: Trial
  readonly run: Trial
}

const PIECES = fileURLToPath(new URL('./pieces.py', import.meta.url))
/** An attempt under guard has more time than it needs without. */
const OPEN_LIMIT_MS = 15_000
const GUARDED_TIMES = 2.5
const LEAST_LIMIT_MS = 6000

export async function tryEverywhere(attacks: readonly Attack[]): Promise<Trials> {
  await using lab = await openAttackLab()
  const world = await openAttackWorld(lab)
  const env = { PIECES, OUTSIDE: findCgroupMount(), STATE: join(lab.directory, 'state-client'), AGENT: '2147483647' }
  const open = { name: 'open', prefix: WITH_RESOLVER, env }
  const unguarded = await tryAll(lab, world, attacks, open, () => OPEN_LIMIT_MS)
  const limitMs = (attack: Attack, { is }: Outcome): number =>
    is === 'passes' ? OPEN_LIMIT_MS : Math.max(LEAST_LIMIT_MS, GUARDED_TIMES * (unguarded.get(attack)?.afterMs ?? 0))
  const under = (guarded: Guarded, limit: Limit): Promise<Trial> => tryGuarded(lab, world, attacks, guarded, limit)
  const applied = (host: string, report: string, place: Place): Guarded => ({
    under: async (name) => {
      const files = [{ file: `${name}.yaml`, text: policyText(name, lab.directory) }]
      await askSallyport(lab, host, '/apply', { files, mode: 'enforce', author: 'lab' })
      return { place, report }
    },
  })
  // Two that start at a time take long; once they have, they stop nothing of one another.
  const started = Promise.withResolvers<void>()
  const [endpoint, run] = await Promise.all([onEndpoint(), started.promise.then(inRun)])
  return { unguarded, endpoint, run, gateway: await atGateway() }

  async function onEndpoint(): Promise<Trial> {
    const report = 'endpoint.jsonl'
    await using endpoint = await startEndpoint(lab, ['--report', report])
    started.resolve()
    const prefix = [...WITH_RESOLVER, ...endpoint.prefix]
    const place = { name: 'endpoint', prefix, env: { ...env, AGENT: String(endpoint.pid) } }
    return await under(applied('client', report, place), (attack) => limitMs(attack, attack.endpoint))
  }

  async function atGateway(): Promise<Trial> {
    const report = 'gateway.jsonl'
    const gateway = await startGateway(lab, ['--report', report])
    const place = { name: 'gateway', prefix: WITH_RESOLVER, env }
    const trial = await under(applied('router', report, place), (attack) => limitMs(attack, attack.gateway))
    gateway.child.kill('SIGTERM')
    await gateway.ended
    return trial
  }

  async function inRun(): Promise<Trial> {
    await using runs = new UserRuns(lab, env)
    return await under(runs, (attack) => limitMs(attack, attack.run))
  }
}
