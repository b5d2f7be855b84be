import type { PacketAnswer } from '../packet-facts.ts'

/** Where packets wait: first ones of a flow, the octets of both sides of one whose handshake is awaited, and of one that is counted. */
export const QUEUES = { first: 0, client: 1, server: 2, sent: 3, got: 4 } as const
export const RESOLVER_PORT = 53

type Marked = Exclude<PacketAnswer, 'drop' | 'pass'>

/** Written to a packet with its answer; the packet then meets the rules again. A process without privileges cannot. */
export function markOf(answer: Marked, generation: number): number {
  const ofPolicy = answer === 'allow' || answer === 'count' ? generation << GENERATION_SHIFT : 0
  return MARKS[answer] | ofPolicy
}

const MARKS: Readonly<Record<Marked, number>> = { allow: 1, reject: 2, await: 4, deaf: 12, count: 16 }
const GENERATION_SHIFT = 8

/**
 * Matches packets of TCP that carry no octets, as a program of classic BPF (bpf(4)): the length of the packet is that of its
 * headers. One with IPv6 extension headers is taken to carry some.
 */
const WITHOUT_OCTETS = {
  4: '10,177 0 0 0,80 0 0 12,84 0 0 240,116 0 0 2,12 0 0 0,7 0 0 0,128 0 0 0,29 0 1 0,6 0 0 65535,6 0 0 0',
  6: '11,48 0 0 6,21 0 8 6,48 0 0 52,84 0 0 240,116 0 0 2,4 0 0 40,7 0 0 0,128 0 0 0,29 0 1 0,6 0 0 65535,6 0 0 0',
} as const

type Options = {
  readonly family: 4 | 6
  /** Of the policy: what was allowed under an earlier one is asked about again. */
  readonly generation: number
  /** Whether this kernel has the match `bpf`. Without it, packets that carry nothing are asked about too. */
  readonly hasBpf: boolean
}

/** Rules for iptables-restore. The same for every policy: what they do not know, the queue is asked. */
export function packetRules({ family, generation, hasBpf }: Options): string {
  const [allowed, count] = [markOf('allow', generation), markOf('count', generation)]
  const counted = `-m connmark --mark ${count}`
  const rejectWith = family === 4 ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'
  const awaited = `-m connmark --mark ${MARKS.await}`
  const heard = `-m connmark --mark ${MARKS.await}/${MARKS.await}`
  const empty = `-m bpf --bytecode "${WITHOUT_OCTETS[family]}"`
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
    ...marked('INPUT', MARKS.deaf),
    ...(hasBpf ? [`-A INPUT -p tcp ${awaited} ${empty} -j ACCEPT`] : []),
    `-A INPUT -p tcp ${awaited} -j NFQUEUE --queue-num ${QUEUES.server}`,
    ...(hasBpf ? [`-A INPUT -p tcp ${counted} ${empty} -j ACCEPT`] : []),
    `-A INPUT ${counted} -j NFQUEUE --queue-num ${QUEUES.got}`,
    '-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    '-A OUTPUT -o lo -j ACCEPT',
    // A redirected look-up still names the interface that it was to leave by.
    `-A OUTPUT -d ${family === 4 ? '127.0.0.0/8' : '::1/128'} -j ACCEPT`,
    ...marked('OUTPUT', allowed),
    ...marked('OUTPUT', MARKS.await),
    ...marked('OUTPUT', count),
    `-A OUTPUT -p tcp -m mark --mark ${MARKS.reject} -j REJECT --reject-with tcp-reset`,
    `-A OUTPUT -m mark --mark ${MARKS.reject} -j REJECT --reject-with ${rejectWith}`,
    // The end of a connection that may begin, also where no more of it may leave.
    '-A OUTPUT -p tcp --tcp-flags RST RST -m connmark ! --mark 0 -j ACCEPT',
    // Connection tracking may take a connection for the one before between the same ports: a SYN is a new one, whatever its mark.
    `-A OUTPUT -p tcp --syn -j NFQUEUE --queue-num ${QUEUES.first}`,
    `-A OUTPUT -m connmark --mark ${allowed} -j ACCEPT`,
    ...(hasBpf ? [`-A OUTPUT -p tcp ${heard} ${empty} -j ACCEPT`] : []),
    `-A OUTPUT ${heard} -j NFQUEUE --queue-num ${QUEUES.client}`,
    ...(hasBpf ? [`-A OUTPUT -p tcp ${counted} ${empty} -j ACCEPT`] : []),
    `-A OUTPUT ${counted} -j NFQUEUE --queue-num ${QUEUES.sent}`,
    ...(family === 4 ? GROUPS_V4 : NEIGHBOURS_V6),
    // No bypass: with nobody at the queue, packets drop.
    `-A OUTPUT -j NFQUEUE --queue-num ${QUEUES.first}`,
    'COMMIT',
    '',
  ]
  return lines.join('\n')
}

/** What was answered about a packet is kept for its connection. */
function marked(chain: 'INPUT' | 'OUTPUT', mark: number): readonly string[] {
  const isMarked = `-A ${chain} -m mark --mark ${mark}`
  return [`${isMarked} -j CONNMARK --set-mark ${mark}`, `${isMarked} -j ACCEPT`]
}

/** The kernel's own reports of group membership are nobody's flow. */
const GROUPS_V4 = ['-A OUTPUT -p igmp -j DROP']
const NEIGHBOURS_V6 = [133, 134, 135, 136]
  .flatMap((type) => ['INPUT', 'OUTPUT'].map((chain) => `-A ${chain} -p icmpv6 --icmpv6-type ${type} -j ACCEPT`))
  .concat([130, 131, 132, 143].map((type) => `-A OUTPUT -p icmpv6 --icmpv6-type ${type} -j DROP`))
