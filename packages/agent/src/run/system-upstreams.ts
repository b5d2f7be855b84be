import { readFile } from 'node:fs/promises'
import { upstreamsFromSystem, type Endpoint } from '@sallyport/dns'

/** Those given, else those of this host. */
export async function givenOrSystem(given: readonly Endpoint[]): Promise<readonly Endpoint[]> {
  if (given.length > 0) return given
  return upstreamsFromSystem(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
}
