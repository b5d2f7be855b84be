import { KeptRules } from '../kept-rules.ts'
import { chainText, removeChain, restore, xtablesFamilies } from './xtables.ts'

const TABLES = ['raw'] as const

export type HeldRules = {
  /** Of one enforcement, at most 28 octets: `SALLYPORT-` and what tells it from others. */
  readonly chain: string
  /** The program that says whether a packet waits. */
  readonly program: string
  readonly queue: number
}

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
  const text = heldRules(rules)
  try {
    for (const family of xtablesFamilies()) restore(family, text)
  } catch (error) {
    removeRules(rules.chain)
    throw error
  }
}

/** In one hook alone: a chain in another is met by every packet of the network namespace too. */
export function heldRules({ chain, program, queue }: HeldRules): string {
  return [
    '*raw',
    `:${chain} - [0:0]`,
    // No bypass: with nobody at the queue, packets drop.
    `-A ${chain} -m bpf --object-pinned ${program} -j NFQUEUE --queue-num ${queue}`,
    `-I OUTPUT 1 ! -o lo -j ${chain}`,
    'COMMIT',
    '',
  ].join('\n')
}

/** Whatever is left of a chain in this network namespace; nothing where there is none. */
export function removeRules(chain: string): void {
  removeChain(chain, TABLES)
}
