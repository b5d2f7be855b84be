import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findCgroupMount } from '@sallyport/kernel'
import { startEndpoint } from '../guarded-endpoint.ts'
import { startGateway } from '../guarded-network.ts'
import { WITH_RESOLVER } from '../lab-files.ts'
import type { Attack, Outcome } from './attack.ts'
import { openAttackLab } from './attack-lab.ts'
import { openAttackWorld } from './attack-world.ts'
import type { Attempted } from './attempt.ts'
import { tryGuarded, type Guarded, type Trial } from './guarded-place.ts'
import { tryAll, type Limit } from './try-all.ts'

export type Trials = {
  /** Without Sallyport. */
  readonly unguarded: ReadonlyMap<Attack, Attempted>
  readonly endpoint: Trial
  readonly gateway: Trial
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
  return { unguarded, endpoint: await onEndpoint(), gateway: await atGateway() }

  async function onEndpoint(): Promise<Trial> {
    const report = 'endpoint.jsonl'
    await using endpoint = await startEndpoint(lab, ['--report', report])
    const prefix = [...WITH_RESOLVER, ...endpoint.prefix]
    const place = { name: 'endpoint', prefix, env: { ...env, AGENT: String(endpoint.pid) } }
    return await under({ host: 'client', report, place }, (attack) => limitMs(attack, attack.endpoint))
  }

  async function atGateway(): Promise<Trial> {
    const report = 'gateway.jsonl'
    const gateway = await startGateway(lab, ['--report', report])
    const place = { name: 'gateway', prefix: WITH_RESOLVER, env }
    const trial = await under({ host: 'router', report, place }, (attack) => limitMs(attack, attack.gateway))
    gateway.child.kill('SIGTERM')
    await gateway.ended
    return trial
  }
}
