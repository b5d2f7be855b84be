import type { DomainName } from '@sallyport/net'
import { TYPE } from '@sallyport/wire'

/** RFC 9460 §9.1: `_8443._https.example.com`, where the port is not the usual one. RFC 9461 §3: `_dns`, with or without a port. */
const HTTPS_OWNER = /^_\d{1,5}\._https\.(.+)$/
const SVCB_OWNER = /^(?:_\d{1,5}\.)?_dns\.(.+)$/

/** The host whose service is asked about: a client that reads of it here will say that name. Of other queries the name itself. */
export function serviceOwner(name: DomainName, type: number): DomainName {
  const form = type === TYPE.HTTPS ? HTTPS_OWNER : type === TYPE.SVCB ? SVCB_OWNER : null
  return (form?.exec(name)?.[1] as DomainName | undefined) ?? name
}
