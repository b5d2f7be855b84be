import { hostUpstreams } from '@sallyport/agent'
import { dnsSettings, type ForwarderService } from '@sallyport/dns'
import type { Policy } from '@sallyport/policy'
import { DnsService } from './dns-service.ts'

/**
 * Whom the resolver of a guarded host or network asks. No server is looked up by name: the policy has to come into force
 * while there is no network, too.
 */
export function guardedService(upstream: readonly string[]): (policy: Policy) => Promise<ForwarderService> {
  const service = new DnsService({ upstream, bootstrap: null, client: [], system: hostUpstreams })
  return (policy) => service.read(dnsSettings(policy), true)
}
