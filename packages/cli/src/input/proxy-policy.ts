import type { CompiledPolicy } from '@sallyport/compile'
import { compileApart } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'
import { readPolicyInForce } from './policy-files.ts'
import { randomSeed } from './random-seed.ts'
import { readWorldApart } from './world.ts'

/** The policy as a proxy needs it: its loopback is not its clients', so nothing passes without a rule. */
export async function readProxyPolicy(files: readonly string[], feeds: readonly string[]): Promise<CompiledPolicy> {
  if (files.length === 0) {
    throw new SallyportError('usage', 'nothing says what may pass', {
      remedy: 'Give --policy FILE; `sallyport check FILE` checks it.',
    })
  }
  const policy = await readPolicyInForce(files, feeds)
  const options = { atMs: Date.now(), seed: randomSeed(), implicit: 'rules' } as const
  return compileApart(policy, await readWorldApart(feeds, policy), options)
}
