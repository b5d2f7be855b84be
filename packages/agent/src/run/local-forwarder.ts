import { startForwarder, type Forwarder, type ForwarderOptions } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'

export type LocalForwarder = AsyncDisposable & {
  readonly v4: string | null
  readonly v6: string | null
  readonly port: number
  readonly counters: Forwarder['counters']
  readonly change: Forwarder['change']
}
export type LoopbackForwarder = LocalForwarder & { readonly v4: string }

const V4 = '127.0.0.1'
const V6 = '::1'
const ATTEMPTS = 20
const FIRST_PORT = 20_000
const PORTS = 12_000

/** The forwarder on one free port of both loopback addresses; a host without IPv6 has the first only. */
export async function startOnLoopback(options: Omit<ForwarderOptions, 'listen'>): Promise<LoopbackForwarder> {
  return { ...(await startOnFreePort(options, V4, V6)), v4: V4 }
}

/** An IPv6 address that cannot be used is left out. */
export async function startOnFreePort(
  options: Omit<ForwarderOptions, 'listen'>,
  v4: string | null,
  wanted: string | null,
): Promise<LocalForwarder> {
  let v6 = wanted
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const addresses = [v4, v6].filter((address) => address !== null)
    try {
      const forwarder: Forwarder = await startForwarder({
        ...options,
        listen: addresses.map((address) => ({ address, port })),
      })
      const counters = (): ReturnType<Forwarder['counters']> => forwarder.counters()
      const change: Forwarder['change'] = (service) => forwarder.change(service)
      return { v4, v6, port, counters, change, [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose]() }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      if ((code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') && v4 !== null && v6 !== null) v6 = null
      else if (code !== 'EADDRINUSE') throw error
    }
  }
  throw new SallyportError('resolver-unavailable', 'no free port for the resolver')
}
