import { recogniseTextMessage } from '../http/recognise-text-message.ts'
import { found } from '../identify/identification.ts'
import { latin1, startsWith, u16, u8 } from '../identify/octets.ts'
import type { DatagramRecogniser } from '../identify/recogniser.ts'
import { isKerberos, ldapAt } from '../stream/asn1.ts'
import { bittorrentDht, peerSearch, tracker, utp } from './bittorrent.ts'
import { readDns } from './dns-message.ts'
import { rtcp, stun } from './media.ts'
import { coap, dhcp, dnscrypt, netbios, ntp, radius, serviceLocation, snmp, tftp } from './services.ts'
import { remoteDesktop } from './remote-desktop.ts'
import { ike, openvpn, wireguard } from './vpn.ts'

/** SIP and RTSP; over datagrams HTTP's form is SSDP (UPnP Device Architecture §1). */
const text: DatagramRecogniser = ({ bytes }) => {
  if (bytes.length < 16 || u8(bytes, 0) < 0x41 || u8(bytes, 0) > 0x7a) return null
  const sight = recogniseTextMessage(bytes, 0)
  const answer = sight === 'no' ? null : sight.state === 'more' ? sight.partial : sight
  if (answer === null) return null
  if (answer.protocol !== 'http') return answer
  const isSsdp = /^(M-SEARCH|NOTIFY) \*/.test(latin1(bytes, 0, 16)) || startsWith(bytes, 'HTTP/1.1 200') === true
  return isSsdp ? found('ssdp', 0, 8, 'SSDP message') : null
}

const dns: DatagramRecogniser = ({ bytes }) => {
  const message = readDns(bytes)
  return message === null ? null : found(message.protocol, 0, 12, message.what, { name: message.name })
}

const kerberos: DatagramRecogniser = ({ bytes }) => {
  if (bytes.length <= 24) return null
  if (isKerberos(bytes, 0)) return found('kerberos', 0, 20, 'Kerberos message')
  // A change of password (RFC 3244 §2): length, version, length of the AP request, the request.
  const isChange = u16(bytes, 0) === bytes.length && [1, 0xff80].includes(u16(bytes, 2)) && isKerberos(bytes, 6)
  return isChange ? found('kerberos', 0, 26, 'Kerberos change of password') : null
}

const ldap: DatagramRecogniser = ({ bytes }) =>
  ldapAt(bytes) === 'yes' ? found('ldap', 0, 16, 'connectionless LDAP message') : null

const syslog: DatagramRecogniser = ({ bytes }) => {
  const match = /^<(\d{1,3})>[\x20-\x7e]/.exec(latin1(bytes, 0, 8))
  const isText = match !== null && Number(match[1]) <= 191 && bytes.subarray(0, 64).every((octet) => octet >= 9)
  return isText ? found('syslog', 0, match[0].length, 'syslog priority') : null
}

/** SMB over NetBIOS datagrams (RFC 1002 §4.4). */
const netbiosDatagram: DatagramRecogniser = ({ bytes }) => {
  const isDatagram = u8(bytes, 0) >= 0x10 && u8(bytes, 0) <= 0x16 && u16(bytes, 10) === bytes.length - 14
  return isDatagram && u8(bytes, 14) === 32 ? found('netbios', 0, 15, 'NetBIOS datagram') : null
}

/** In the order of their say: magic words first, structures with little redundancy last. */
export const DATAGRAM_RECOGNISERS: readonly DatagramRecogniser[] = [
  stun,
  wireguard,
  dnscrypt,
  bittorrentDht,
  tracker,
  peerSearch,
  text,
  dhcp,
  remoteDesktop,
  ike,
  netbios,
  netbiosDatagram,
  dns,
  snmp,
  kerberos,
  ldap,
  serviceLocation,
  radius,
  tftp,
  ntp,
  syslog,
  openvpn,
  rtcp,
  coap,
  utp,
]
