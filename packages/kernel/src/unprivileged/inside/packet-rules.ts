export const QUEUE = 0
export const RESOLVER_PORT = 53

/** Written to a packet with its verdict; the packet then meets the rules again. A process without privileges cannot. */
export const MARKS = { allow: 1, reject: 2, drop: 3 } as const

/** Rules for iptables-restore. The same for every policy: what they do not know, the queue is asked. */
export function packetRules(family: 4 | 6): string {
  const rejectWith = family === 4 ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'
  const lines = [
    '*nat',
    ':PREROUTING ACCEPT',
    ':INPUT ACCEPT',
    ':OUTPUT ACCEPT',
    ':POSTROUTING ACCEPT',
    // Whatever server was named, loopback ones too: a stub resolver of the host is not reachable from here.
    `-A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports ${RESOLVER_PORT}`,
    `-A OUTPUT -p tcp --dport 53 -j REDIRECT --to-ports ${RESOLVER_PORT}`,
    'COMMIT',
    '*filter',
    ':INPUT DROP',
    ':FORWARD DROP',
    ':OUTPUT DROP',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    '-A OUTPUT -o lo -j ACCEPT',
    // A redirected look-up still names the interface that it was to leave by.
    `-A OUTPUT -d ${family === 4 ? '127.0.0.0/8' : '::1/128'} -j ACCEPT`,
    `-A OUTPUT -m connmark --mark ${MARKS.allow} -j ACCEPT`,
    `-A OUTPUT -m mark --mark ${MARKS.allow} -j CONNMARK --set-mark ${MARKS.allow}`,
    `-A OUTPUT -m mark --mark ${MARKS.allow} -j ACCEPT`,
    `-A OUTPUT -m mark --mark ${MARKS.drop} -j DROP`,
    `-A OUTPUT -p tcp -m mark --mark ${MARKS.reject} -j REJECT --reject-with tcp-reset`,
    `-A OUTPUT -m mark --mark ${MARKS.reject} -j REJECT --reject-with ${rejectWith}`,
    ...(family === 4 ? GROUPS_V4 : NEIGHBOURS_V6),
    // No bypass: with nobody at the queue, packets drop.
    `-A OUTPUT -j NFQUEUE --queue-num ${QUEUE}`,
    'COMMIT',
    '',
  ]
  return lines.join('\n')
}

/** The kernel's own reports of group membership are nobody's flow. */
const GROUPS_V4 = ['-A OUTPUT -p igmp -j DROP']
const NEIGHBOURS_V6 = [133, 134, 135, 136]
  .flatMap((type) => ['INPUT', 'OUTPUT'].map((chain) => `-A ${chain} -p icmpv6 --icmpv6-type ${type} -j ACCEPT`))
  .concat([130, 131, 132, 143].map((type) => `-A OUTPUT -p icmpv6 --icmpv6-type ${type} -j DROP`))
