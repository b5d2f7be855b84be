import { networkInterfaces } from 'node:os'
import { addressScope, isIpv4, parseAddress, sameAddress, type Address } from '@sallyport/net'
import type { Endpoint } from '../options.ts'

/**
 * Where this proxy listens itself. A client that comes back in through the proxy would be somebody else there: an address of this host, or
 * the process that is the proxy.
 */
export class OwnListeners {
  /** `null` among the addresses: all of this host. */
  readonly #byPort = new Map<number, (Address | null)[]>()

  add({ address, port }: Endpoint): void {
    const at = parseAddress(address)
    const isAll = at === null || addressScope(at) === 'unspecified'
    this.#byPort.set(port, [...(this.#byPort.get(port) ?? []), isAll ? null : at])
  }

  has(address: Address, port: number): boolean {
    const own = this.#byPort.get(port)
    if (own === undefined) return false
    return own.some((at) => (at === null ? isOfThisHost(address) : sameAddress(at, address)))
  }
}

function isOfThisHost(address: Address): boolean {
  if (isIpv4(address) && addressScope(address) === 'loopback') return true
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return all.some((each) => {
    const own = parseAddress(each.address.split('%', 1)[0]!)
    return own !== null && sameAddress(own, address)
  })
}
