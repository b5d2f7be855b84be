import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import type { CompiledPolicy } from '@sallyport/compile'
import { startForwarder, type NameVerdict } from '@sallyport/dns'
import { parseAddress, parseDomainName, type Address, type DomainName } from '@sallyport/net'
import type { NameLookUp, ResolveName } from '@sallyport/proxy'
import type { Servers } from './resolver-addresses.ts'

type NameResolver = AsyncDisposable & { readonly resolveName: ResolveName }

const ALLOWED: NameVerdict = { verdict: 'allow', rule: null, explain: '' }
const HOSTS_TTL_SECONDS = 30

/**
 * Sallyport's resolver for a process of its own: hard to spoof, cached, and a CNAME that a rule denies gives no address. The
 * proxy judges names before and addresses after.
 */
export async function openNameResolver(servers: Servers, policy: () => CompiledPolicy): Promise<NameResolver> {
  const forwarder = await startForwarder({
    listen: [{ address: '127.0.0.1', port: 0 }],
    ...servers,
    judge: () => ALLOWED,
    judgeAlias: (_, alias) => judgeAlias(policy(), alias),
    bind: () => {},
    refusal: { kind: 'nxdomain' },
  })
  const { address, port } = forwarder.endpoints[0]!
  const resolver = new Resolver({ timeout: 6000, tries: 1 })
  resolver.setServers([`${address}:${port}`])
  return {
    resolveName: async (name, signal) => (await fromHosts(name)) ?? fromResolver(resolver, name, signal),
    [Symbol.asyncDispose]: async () => {
      resolver.cancel()
      await forwarder[Symbol.asyncDispose]()
    },
  }
}

/** An alias needs no rule of its own, but one that denies it counts: a feed must not be passed by a CNAME. */
function judgeAlias(policy: CompiledPolicy, alias: DomainName): NameVerdict {
  const { verdict, rule, explain, mode } = policy.decide({ domain: alias, boundNames: [alias] }, 'handshake')
  return verdict === 'deny' && rule !== null && mode === 'enforce' ? { verdict, rule, explain } : ALLOWED
}

async function fromHosts(name: DomainName): Promise<NameLookUp | null> {
  const text = await readFile('/etc/hosts', 'utf8').catch(() => '')
  const addresses: Address[] = []
  for (const line of text.split('\n')) {
    const [address, ...names] = line.split('#', 1)[0]!.trim().split(/\s+/)
    const parsed = names.some((each) => parseDomainName(each) === name) ? parseAddress(address!) : null
    if (parsed !== null) addresses.push(parsed)
  }
  return addresses.length === 0 ? null : { kind: 'addresses', addresses, ttlSeconds: HOSTS_TTL_SECONDS }
}

async function fromResolver(resolver: Resolver, name: DomainName, signal: AbortSignal): Promise<NameLookUp> {
  const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('timeout'))))
  const queries = [resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]
  const settled = await Promise.allSettled(queries.map((query) => Promise.race([query, late])))
  const records = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  const addresses = records.flatMap(({ address }) => parseAddress(address) ?? [])
  if (addresses.length > 0) {
    return { kind: 'addresses', addresses, ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)) }
  }
  const codes = settled.flatMap((each) => (each.status === 'rejected' ? [codeOf(each.reason)] : []))
  const failure = codes.find((code) => code !== 'ENOTFOUND' && code !== 'ENODATA')
  if (failure !== undefined) return { kind: 'failed', explain: `${name} could not be looked up: ${failure}` }
  return { kind: 'none', explain: `${name} has no address` }
}

function codeOf(reason: unknown): string {
  if (!(reason instanceof Error)) return 'failed'
  return 'code' in reason ? String(reason.code) : reason.message
}
