import {
  isPrefix,
  parseAuthority,
  isAuthority,
  formatAddress,
  parseDomainPattern,
  parsePrefix,
  prefixContains,
  type Address,
} from '@sallyport/net'
import type { ParentProxy } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'

/** Load balancers whose connections begin with a PROXY header; `null` when there are none. */
export function parseProxyHeaderFrom(texts: readonly string[]): ((peer: Address) => boolean) | null {
  if (texts.length === 0) return null
  const prefixes = texts.map((text) => {
    const prefix = parsePrefix(text)
    if (isPrefix(prefix)) return prefix
    throw new SallyportError('target-invalid', `--proxy-header-from "${text}" is not an address or prefix`, {
      remedy: prefix.correct === undefined ? 'Write 192.0.2.0/24.' : `Write ${prefix.correct}.`,
    })
  })
  return (peer) => prefixes.some((prefix) => prefixContains(prefix, peer))
}

/** `[DOMAIN=]http://[USER:PASSWORD@]HOST:PORT`. */
export function parseParent(text: string): ParentProxy {
  const match = /^(?:([^=/@]+)=)?http:\/\/(?:([^@]+)@)?([^@/]+)\/?$/.exec(text)
  const domain = match?.[1] === undefined ? null : parseDomainPattern(match[1])
  const authority = match === null ? null : parseAuthority(match[3]!)
  const isGood = match !== null && (match[1] === undefined || domain !== null)
  if (isGood && authority !== null && isAuthority(authority)) {
    const { host, port } = authority
    const credentials = match[2] === undefined ? null : decodeURIComponent(match[2])
    return {
      domain,
      host: host.kind === 'name' ? host.name : formatAddress(host.address),
      port: port ?? 3128,
      credentials,
    }
  }
  throw new SallyportError('target-invalid', `--parent is not [DOMAIN=]http://[USER:PASSWORD@]HOST:PORT`, {
    remedy: 'Write http://192.0.2.1:3128 or .corp.example=http://user:password@proxy.corp.example:3128.',
  })
}
