import { readFileSync, writeFileSync } from 'node:fs'
import { isOwn, rememberOwn } from '@sallyport/kernel'

const IPV4 = '/proc/sys/net/ipv4/ip_forward'
const IPV6 = '/proc/sys/net/ipv6/conf/all/forwarding'
const acceptRa = (name: string): string => `/proc/sys/net/ipv6/conf/${name}/accept_ra`

/**
 * Turned on when the policy is in force, and set back at the end: a machine that is to forward only under a policy has
 * forwarding off at boot. Where routers are listened to on the other side, they still are. `pins` are those of the gateway.
 */
export function forward(
  wan: string,
  families: { readonly ipv4: boolean; readonly ipv6: boolean },
  pins: string,
): Disposable {
  const scope = new DisposableStack()
  const change = (what: string, path: string, from: string, to: string): void => {
    const before = read(path)
    if (before === from) {
      rememberOwn(pins, what)
      writeFileSync(path, to)
    }
    if (isOwn(pins, what)) scope.defer(() => writeFileSync(path, from))
  }
  if (families.ipv4) change('ipv4-forwarding', IPV4, '0', '1')
  // RFC 4861 §6.2.1: a router ignores the advertisements of others, unless told 2.
  if (families.ipv6) change('accept-ra', acceptRa(wan), '1', '2')
  if (families.ipv6) change('ipv6-forwarding', IPV6, '0', '1')
  return scope
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}
