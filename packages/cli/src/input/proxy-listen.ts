import { isIP } from 'node:net'
import type { ListenEndpoint } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'

const USUAL_PORT = 3128

/** `192.0.2.1:3128`, `[2001:db8::1]:3128`, or an address alone; after `https://` for TLS. Port 0 takes a free one. */
export function parseProxyListen(text: string): ListenEndpoint {
  const isTls = text.startsWith('https://')
  const rest = isTls ? text.slice('https://'.length) : text
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(rest)
  const address = parts?.[1] ?? parts?.[2] ?? rest
  const port = Number(parts?.[3] ?? USUAL_PORT)
  if (isIP(address) !== 0 && port <= 65535) return { address, port, isTls }
  throw new SallyportError('target-invalid', `--listen "${text}" is not an address with a port`, {
    remedy: 'Write 192.0.2.1:3128, [2001:db8::1]:3128 or https://192.0.2.1:3129.',
  })
}
