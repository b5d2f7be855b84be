import { startForwarder, type Forwarder, type ForwarderOptions } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'

export type LoopbackForwarder = AsyncDisposable & {
  readonly v4: string
  readonly v6: string | null
  readonly port: number
}

const V4 = '127.0.0.1'
const V6 = '::1'
const ATTEMPTS = 20
const FIRST_PORT = 20_000
const PORTS = 12_000

/** The forwarder on one free port of both loopback addresses; a host without IPv6 has the first only. */
export async function startOnLoopback(options: Omit<ForwarderOptions, 'listen'>): Promise<LoopbackForwarder> {
  let v6: string | null = V6
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const addresses = v6 === null ? [V4] : [V4, v6]
    try {
      const forwarder: Forwarder = await startForwarder({
        ...options,
        listen: addresses.map((address) => ({ address, port })),
      })
      return { v4: V4, v6, port, [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose]() }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') v6 = null
      else if (code !== 'EADDRINUSE') throw error
    }
  }
  throw new SallyportError('resolver-unavailable', 'no free port on loopback for the resolver')
}
