import { isIP } from 'node:net'
import type { Endpoint } from '@sallyport/agent'
import { SallyportError } from '@sallyport/policy'

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. */
export function parseUpstream(text: string): Endpoint {
  const parts = /^\[([^\]]+)\](?::(\d{1,5}))?$|^([^:]+):(\d{1,5})$/.exec(text)
  const address = parts?.[1] ?? parts?.[3] ?? text
  const port = Number(parts?.[2] ?? parts?.[4] ?? 53)
  if (isIP(address) === 0 || port < 1 || port > 65535) {
    throw new SallyportError('target-invalid', `--upstream "${text}" is not the address of a DNS server`, {
      remedy: 'Give an address, with a port when it is not 53: 192.0.2.53 or [2001:db8::53]:5353.',
    })
  }
  return { address, port }
}
