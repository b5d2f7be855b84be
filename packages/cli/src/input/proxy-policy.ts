import { randomBytes } from 'node:crypto'
import { compilePolicy, type CompiledPolicy } from '@sallyport/compile'
import { SallyportError } from '@sallyport/policy'
import { readPolicy } from './policy-files.ts'
import { readWorld } from './world.ts'

/** The policy as a proxy needs it: its loopback is not its clients', so nothing passes without a rule. */
export async function readProxyPolicy(files: readonly string[], feeds: readonly string[]): Promise<CompiledPolicy> {
  if (files.length === 0) {
    throw new SallyportError('usage', 'nothing says what may pass', {
      remedy: 'Give --policy FILE; `sallyport check FILE` checks it.',
    })
  }
  const policy = await readPolicy(files)
  const random = randomBytes(8)
  // Clients choose the names that are looked up.
  const seed = [random.readUInt32LE(0), random.readUInt32LE(4)] as const
  return compilePolicy(policy, await readWorld(feeds, policy), { atMs: Date.now(), seed, implicit: 'rules' })
}
