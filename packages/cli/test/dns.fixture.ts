import { run, startServing, type Serving } from './serving.fixture.ts'

type RunningDns = Serving & { readonly dig: (...query: readonly string[]) => Promise<string> }

export async function startDns(...args: readonly string[]): Promise<RunningDns> {
  const dns = await startServing(['dns', '--json', ...args])
  const { address, port } = dns.endpoints[0]!
  const to = [`@${address}`, '-p', String(port), '+tries=1', '+time=3']
  return { ...dns, dig: async (...query) => (await run('dig', [...to, ...query])).stdout }
}
