import { readFile } from 'node:fs/promises'
import { upstreamsFromSystem, type Endpoint } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'

/** systemd-resolved answers on loopback, and keeps the servers that it asks itself here. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']

/**
 * The servers of this host's network. One on loopback would ask its own servers through the guarded host, and so us, and so
 * itself for ever; those behind systemd-resolved are known. Throws `resolver-unavailable` when only loopback is left.
 */
export async function hostUpstreams(): Promise<readonly Endpoint[]> {
  for (const file of FILES) {
    const text = await readFile(file, 'utf8').catch(() => '')
    const outside = upstreamsFromSystem(text).filter(({ address }) => !/^(127\.|::1$)/.test(address))
    if (outside.length > 0) return outside
  }
  throw new SallyportError('resolver-unavailable', 'this host asks a DNS server on its own loopback', {
    remedy: 'Name the servers of the network with --upstream.',
  })
}
