import { formatAddress, isAuthority, parseAuthority } from '@sallyport/net'
import type { IcapOptions, IcapService } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'

const USUAL_PORT = 1344

type Options = { readonly icapRequest?: string; readonly icapResponse?: string; readonly icapFail: 'closed' | 'open' }

/** `null` when no content service is asked. */
export function parseIcap({ icapRequest, icapResponse, icapFail }: Options): IcapOptions | null {
  if (icapRequest === undefined && icapResponse === undefined) return null
  return {
    request: icapRequest === undefined ? null : parseService('--icap-request', icapRequest),
    response: icapResponse === undefined ? null : parseService('--icap-response', icapResponse),
    passesOnFailure: icapFail === 'open',
  }
}

function parseService(option: string, text: string): IcapService {
  const match = /^icap:\/\/([^/?#]+)(\/[\x21-\x7e]*)$/.exec(text)
  const authority = match === null ? null : parseAuthority(match[1]!)
  if (match !== null && authority !== null && isAuthority(authority)) {
    const { host, port } = authority
    const name = host.kind === 'name' ? host.name : formatAddress(host.address)
    return { host: name, port: port ?? USUAL_PORT, path: match[2]! }
  }
  throw new SallyportError('target-invalid', `${option} "${text}" is not icap://HOST[:PORT]/SERVICE`, {
    remedy: 'Write icap://192.0.2.1:1344/avscan.',
  })
}
