import { networkInterfaces } from 'node:os'
import { isPrefix, parsePrefix, type Prefix } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'

/** RFC 1918, RFC 4193, RFC 6598, loopback and link-local. */
const LOCAL = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]

/** Private addresses and the networks that this host has an address in: an open resolver is a tool for attacks. */
export function localClients(): readonly Prefix[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(networkOf))
  return [...LOCAL.map((text) => parsePrefix(text)), ...own].filter((prefix) => prefix !== null).filter(isPrefix)
}

function networkOf({ cidr }: { readonly cidr: string | null }): Prefix | null {
  if (cidr === null) return null
  const prefix = parsePrefix(cidr)
  if (isPrefix(prefix)) return prefix
  const network = prefix.correct === undefined ? null : parsePrefix(prefix.correct)
  return network !== null && isPrefix(network) ? network : null
}

/** `PREFIX…`, or `any` for everyone. */
export function parseClients(texts: readonly string[]): readonly Prefix[] | null {
  if (texts.includes('any')) return null
  return texts.map((text) => {
    const prefix = parsePrefix(text)
    if (isPrefix(prefix)) return prefix
    throw new SallyportError('target-invalid', `--client "${text}" is not an address or prefix`, {
      remedy: `Write ${prefix.correct ?? '192.0.2.0/24, 2001:db8::/32'} or any.`,
    })
  })
}
