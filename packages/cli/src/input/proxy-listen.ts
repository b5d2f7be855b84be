import { isIP } from 'node:net'
import type { Endpoint } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'

const USUAL_PORT = 3128

/** `192.0.2.1:3128`, `[2001:db8::1]:3128`, or an address alone; port 0 takes a free one. */
export function parseProxyListen(text: string): Endpoint {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const address = parts?.[1] ?? parts?.[2] ?? text
  const port = Number(parts?.[3] ?? USUAL_PORT)
  if (isIP(address) !== 0 && port <= 65535) return { address, port }
  throw new SallyportError('target-invalid', `--listen "${text}" is not an address with a port`, {
    remedy: 'Write 192.0.2.1:3128 or [2001:db8::1]:3128.',
  })
}
