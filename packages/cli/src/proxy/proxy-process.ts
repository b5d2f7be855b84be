import type { Policy } from '@sallyport/policy'
import {
  accessLogLine,
  flowOfAccess,
  onSharedListeners,
  startProxy,
  type AccessRecord,
  type Proxy,
  type ProxyCounts,
  type SharedListener,
  type Spend,
} from '@sallyport/proxy'
import type { LocalClients } from '@sallyport/agent/local-clients'
import { handshakeCiphers } from '@sallyport/agent/handshake-ciphers'
import { parseIcap } from '../input/icap-services.ts'
import { readProxyDetectors } from '../input/proxy-detectors.ts'
import { parseProxyBounds } from '../input/proxy-limits.ts'
import { readProxyPolicy } from '../input/proxy-policy.ts'
import { readInspection } from '../input/inspection-authority.ts'
import { readAuthenticate } from '../input/proxy-identity.ts'
import { readListenTls } from '../input/proxy-tls.ts'
import { parseProxyHeaderFrom, readParents } from '../input/proxy-peers.ts'
import { parseProxyListen } from '../input/proxy-listen.ts'
import { parseServers } from '../input/resolver-addresses.ts'
import { openNameResolver } from '../input/resolve-names.ts'
import { cannotListen } from '../output/cannot-listen.ts'
import { recordFlows } from '../output/flow-recording.ts'
import { openLineLog, type LineLog } from '../output/line-log.ts'
import type { ProxyCommandOptions } from './proxy-options.ts'

/** Loaded where it is asked for: it brings a library for calls of C. */
async function openLocalClients(): Promise<OpenedClients> {
  const { LocalClients, askedOfProcesses } = await import('@sallyport/agent/local-clients')
  return { clients: new LocalClients(), needsHash: (policy) => askedOfProcesses(policy).has('appSha256') }
}

type OpenedClients = { readonly clients: LocalClients; readonly needsHash: (policy: Policy) => boolean }

export function proxyCannotListen(error: unknown): unknown {
  return cannotListen(error, { code: 'proxy-unavailable', name: 'proxy', show: 'ss -lntp' })
}

export type ProxyProcess = AsyncDisposable & {
  readonly endpoints: Proxy['endpoints']
  counts(): ProxyCounts
  /** Policy, feeds, users and access log anew, all or nothing: what cannot be read leaves those in force. */
  reload(): Promise<void>
  drain(): Promise<void>
}

/** The proxy of one process: the only one, or one worker among several, which share what rules with a limit let through. */
export async function startProxyProcess(
  options: ProxyCommandOptions,
  spend: Spend | null,
  shared: readonly SharedListener[],
): Promise<ProxyProcess> {
  await using opened = new AsyncDisposableStack()
  let policy = await readProxyPolicy(options.policy, options.feed)
  let detectors = await readProxyDetectors(options.detectors, policy.policy)
  let authenticate = await readAuthenticate(options)
  let log: LineLog | null = openLineLog(options.accessLog, 'access log')
  opened.defer(async () => log?.[Symbol.asyncDispose]())
  const recording = options.record === false ? null : opened.use(recordFlows(options.record))
  const local = options.localClients === true ? await openLocalClients() : null
  opened.use(local?.clients)
  let needsHash = local?.needsHash(policy.policy) ?? false
  const names = opened.use(await openNameResolver(await parseServers(options.upstream, [], undefined), () => policy))
  const record = (access: AccessRecord): void => {
    log?.write(accessLogLine(access, options.accessLogFormat))
    if (recording === null) return
    const flow = flowOfAccess(access, policy.world)
    if (flow !== null) recording.append(flow)
  }
  const proxy = opened.use(
    await startProxy({
      listen: onSharedListeners(options.listen.map(parseProxyListen), shared),
      policy,
      inspect: await readInspection(options),
      detectors: () => detectors,
      icap: parseIcap(options),
      tls: await readListenTls(options),
      authenticate:
        authenticate === null ? null : { ...authenticate, check: (...shown) => authenticate!.check(...shown) },
      processOf:
        local === null
          ? null
          : (client, proxy) => local.clients.find({ transport: 'tcp', local: client, remote: proxy }, needsHash),
      proxyHeaderFrom: parseProxyHeaderFrom(options.proxyHeaderFrom),
      parents: await readParents(options),
      resolveName: names.resolveName,
      ciphers: handshakeCiphers,
      movesBulk: true,
      ownsSockets: true,
      ...(spend === null ? {} : { spend }),
      // What nobody sees is not made.
      ...(log === null && recording === null ? {} : { onRecord: record }),
      ...parseProxyBounds(options.limit),
    }).catch((error: unknown) => {
      throw proxyCannotListen(error)
    }),
  )
  const all = opened.move()
  return {
    endpoints: proxy.endpoints,
    counts: () => proxy.counts(),
    reload: async () => {
      const newPolicy = await readProxyPolicy(options.policy, options.feed)
      const newDetectors = await readProxyDetectors(options.detectors, newPolicy.policy)
      const newAuthenticate = await readAuthenticate(options)
      policy = newPolicy
      needsHash = local?.needsHash(policy.policy) ?? false
      detectors = newDetectors
      authenticate = newAuthenticate
      proxy.replacePolicy(policy)
      // A file that was renamed to be kept is let go, and a new one begun.
      const old = log
      log = openLineLog(options.accessLog, 'access log')
      await old?.[Symbol.asyncDispose]()
    },
    drain: () => proxy.drain(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
