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
import { PARENT_SCHEMES, type ParentProxy } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { MOST_PEM_BYTES } from './certificate.ts'
import { readTextFile } from './read-text-file.ts'

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

const PORTS: Readonly<Record<ParentProxy['scheme'], number>> = { http: 3128, https: 443, socks5: 1080, socks5h: 1080 }
const PARENT = new RegExp(String.raw`^(?:([^=/@]+)=)?(${PARENT_SCHEMES.join('|')})://(?:([^@:]+):([^@]+)@)?([^@/]+)/?$`)
/** As many octets as SOCKS has room for (RFC 1929 §2). */
const LONGEST_CREDENTIAL = 255

/** The proxies that connections go through. */
export async function readParents(options: {
  readonly parent: readonly string[]
  readonly serverCa?: string
}): Promise<readonly ParentProxy[]> {
  const ca = options.serverCa === undefined ? null : await readTextFile(options.serverCa, MOST_PEM_BYTES)
  return options.parent.map((text) => parseParent(text, ca))
}

/** `[DOMAIN=]SCHEME://[USER:PASSWORD@]HOST[:PORT]`; `ca`: authorities of parents over TLS. */
export function parseParent(text: string, ca: string | null): ParentProxy {
  const match = PARENT.exec(text)
  const domain = match?.[1] === undefined ? null : parseDomainPattern(match[1])
  const authority = match === null ? null : parseAuthority(match[5]!)
  const credentials = match?.[3] === undefined ? null : credentialsOf(match[3], match[4]!)
  const isGood = match !== null && (match[1] === undefined || domain !== null) && credentials !== 'bad'
  if (isGood && authority !== null && isAuthority(authority)) {
    const scheme = match[2] as ParentProxy['scheme']
    const { host, port } = authority
    return {
      scheme,
      domain,
      host: host.kind === 'name' ? host.name : formatAddress(host.address),
      port: port ?? PORTS[scheme],
      credentials,
      ca,
    }
  }
  // Its password is not for a log.
  const found = text.replace(/\/\/[^@]*@/, '//…@')
  throw new SallyportError(
    'target-invalid',
    `--parent "${found}" is not [DOMAIN=]SCHEME://[USER:PASSWORD@]HOST[:PORT]`,
    {
      remedy: `A scheme is ${PARENT_SCHEMES.join(', ')}. Write http://192.0.2.1:3128 or .corp.example=https://user:password@proxy.corp.example.`,
    },
  )
}

function credentialsOf(user: string, password: string): NonNullable<ParentProxy['credentials']> | 'bad' {
  try {
    const pair = { user: decodeURIComponent(user), password: decodeURIComponent(password) }
    const isFit = Object.values(pair).every((part) => Buffer.byteLength(part) <= LONGEST_CREDENTIAL)
    return isFit ? pair : 'bad'
  } catch {
    return 'bad'
  }
}
