import { KeptRules } from '../kept-rules.ts'
import { chainText, removeChain, restore, xtablesFamilies, type XtablesFamily } from './xtables.ts'

const TABLES = ['raw', 'filter'] as const

export type HeldRules = {
  /** Of one enforcement, at most 28 octets: `SALLYPORT-` and what tells it from others. */
  readonly chain: string
  /** The program that says whether a packet waits. */
  readonly program: string
  readonly queue: number
}

/** Written to a datagram that is refused; it never leaves with it. */
export const REFUSED_MARK = 0x5a11_0000

/** The same for every policy: the program is asked about each packet, and what waits goes to the queue. */
export function installRules(rules: HeldRules): KeptRules {
  const { chain } = rules
  return KeptRules.installed({
    name: chain,
    install: () => installHeldRules(rules),
    text: () => chainText(chain, TABLES),
    remove: () => removeRules(chain),
  })
}

function installHeldRules(rules: HeldRules): void {
  removeRules(rules.chain)
  try {
    for (const family of xtablesFamilies()) restore(family, heldRules(rules, family))
  } catch (error) {
    removeRules(rules.chain)
    throw error
  }
}

export function heldRules({ chain, program, queue }: HeldRules, family: XtablesFamily): string {
  const answer = family === 'iptables' ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'
  return [
    '*raw',
    `:${chain} - [0:0]`,
    // No bypass: with nobody at the queue, packets drop.
    `-A ${chain} -m bpf --object-pinned ${program} -j NFQUEUE --queue-num ${queue}`,
    `-I OUTPUT 1 ! -o lo -j ${chain}`,
    'COMMIT',
    '*filter',
    `:${chain} - [0:0]`,
    `-A ${chain} -j REJECT --reject-with ${answer}`,
    `-I OUTPUT 1 -m mark --mark ${REFUSED_MARK + queue} -j ${chain}`,
    'COMMIT',
    '',
  ].join('\n')
}

/** Whatever is left of a chain in this network namespace; nothing where there is none. */
export function removeRules(chain: string): void {
  removeChain(chain, TABLES)
}
