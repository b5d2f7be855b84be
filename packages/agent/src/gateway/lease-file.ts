import { parseAddress, type Address } from '@sallyport/net'
import { macBytes } from './clients-file.ts'

/** An address that a DHCP server has given to somebody. */
export type Lease = { readonly address: Address; readonly mac: Uint8Array | null; readonly hostname: string | null }

const MOST_LEASES = 100_000
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i
/** Bounded, and within lines, so that no text takes long. */
const ISC_LEASE = /^[ \t]*lease[ \t]+([0-9.]{1,15})[ \t]*\{([^}]{0,4096})\}/gm

/**
 * Leases of dnsmasq, of ISC's dhcpd, or of Kea's memfile, told apart by what is written. What cannot be read is no lease;
 * of several for one address the last counts, as it does for the servers.
 */
export function parseLeases(text: string, nowMs: number): readonly Lease[] {
  const leases = /^address,hwaddr,|^address,duid,/m.test(text)
    ? keaLeases(text, nowMs)
    : /^[ \t]*lease[ \t]+\S{1,64}[ \t]*\{/m.test(text)
      ? iscLeases(text, nowMs)
      : dnsmasqLeases(text, nowMs)
  const last = new Map(leases.map(({ key, lease }) => [key, lease]))
  return [...last.values()].filter((lease) => lease !== null).slice(-MOST_LEASES)
}

/** Null: it has ended. */
type Entry = { readonly key: string; readonly lease: Lease | null }

/** `expiry mac address hostname client-id`, seconds since 1970, 0 for ever; IPv6 has an identity in place of the MAC. */
function dnsmasqLeases(text: string, nowMs: number): readonly Entry[] {
  return text.split('\n').flatMap((line) => {
    const [expiry = '', mac = '', address = '', hostname = ''] = line.trim().split(/\s+/)
    if (!/^\d+$/.test(expiry)) return []
    const ended = expiry !== '0' && Number(expiry) * 1000 <= nowMs
    return entry(address, mac, hostname === '*' ? '' : hostname, ended)
  })
}

function iscLeases(text: string, nowMs: number): readonly Entry[] {
  return [...text.matchAll(ISC_LEASE)].flatMap(([, address = '', body = '']) => {
    const value = (name: RegExp): string => name.exec(body)?.[1] ?? ''
    const ends = /^[ \t]*ends\s+(?:epoch\s+(\d+)|\d\s+(\S+)\s+(\S+?));/m.exec(body)
    const endsMs =
      ends === null
        ? null
        : ends[1]
          ? Number(ends[1]) * 1000
          : Date.parse(`${ends[2]}T${ends[3]}Z`.replaceAll('/', '-'))
    const state = value(/^[ \t]*binding state\s+(\w+);/m)
    const ended = (state !== '' && state !== 'active') || (endsMs !== null && !(endsMs > nowMs))
    return entry(
      address,
      value(/^[ \t]*hardware ethernet\s+(\S+?);/m),
      value(/^[ \t]*client-hostname\s+"([^"\r\n]*)";/m),
      ended,
    )
  })
}

/** Columns are named in the first line; `state` 0 is in use, `expire` is in seconds since 1970. */
function keaLeases(text: string, nowMs: number): readonly Entry[] {
  const [head = '', ...lines] = text.split('\n')
  const columns = head.trim().split(',')
  return lines.flatMap((line) => {
    const fields = line.trim().split(',')
    const field = (name: string): string => fields[columns.indexOf(name)] ?? ''
    const ended = field('state') !== '0' || Number(field('expire')) * 1000 <= nowMs || field('valid_lifetime') === '0'
    return entry(field('address'), field('hwaddr'), field('hostname'), ended)
  })
}

function entry(address: string, mac: string, hostname: string, ended: boolean): readonly Entry[] {
  const found = parseAddress(address)
  if (found === null) return []
  const lease: Lease = {
    address: found,
    mac: MAC.test(mac) ? macBytes(mac) : null,
    hostname: hostname === '' ? null : hostname.toLowerCase().replace(/\.$/, ''),
  }
  return [{ key: found.words.join(), lease: ended ? null : lease }]
}
