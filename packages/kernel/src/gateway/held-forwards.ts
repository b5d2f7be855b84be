import { KeptRules } from '../kept-rules.ts'
import { chainText, removeChain, xtables, xtablesFamilies } from '../handshakes/xtables.ts'
import { HOLD_MATCH } from './gateway-marks.ts'
import { nft, tableChains } from './nft.ts'

/** Not every kernel's nftables has a queue, so that the one rule that needs it is in a table of iptables. */
const TABLE = 'mangle'
export const HELD_PREFIX = 'SALLYPORT-gateway-'

export type HeldForwards = { readonly lan: string; readonly index: number; readonly queue: number }

/**
 * Sends what the program marks to the queue, before the gateway's own table sees it. What connection tracking calls invalid
 * (a wrong checksum, numbers out of the window) the server would not take either: without an answer it is dropped there.
 */
export function holdForwards(held: HeldForwards): KeptRules {
  const chain = chainOf(held.index)
  return KeptRules.installed({
    name: chain,
    install: () => installHeldForwards(held, chain),
    text: () => chainText(chain, [TABLE]),
    remove: () => removeHeldForwards(held.index),
  })
}

function installHeldForwards({ lan, index, queue }: HeldForwards, chain: string): void {
  removeHeldForwards(index)
  try {
    for (const family of xtablesFamilies()) {
      const table = ['-t', TABLE] as const
      const valid = ['-m', 'conntrack', '!', '--ctstate', 'INVALID'] as const
      const marked = ['-m', 'mark', '--mark', HOLD_MATCH] as const
      xtables(family, [...table, '-N', chain])
      // No bypass: with nobody at the queue, packets drop.
      xtables(family, [...table, '-A', chain, ...valid, '-j', 'NFQUEUE', '--queue-num', String(queue)])
      xtables(family, [...table, '-I', 'FORWARD', '1', '-i', lan, ...marked, '-j', chain])
    }
  } catch (error) {
    removeHeldForwards(index)
    throw error
  }
}

/** What is left of them; and of the table, when nobody else uses it. */
export function removeHeldForwards(index: number): void {
  removeChain(chainOf(index), [TABLE])
  for (const family of ['ip', 'ip6']) {
    const chains = tableChains(family, TABLE)
    if (chains === null || chains.some(({ isEmpty, isBase }) => !isEmpty || !isBase)) continue
    nft({ nftables: [{ delete: { table: { family, name: TABLE } } }] })
  }
}

function chainOf(index: number): string {
  return `${HELD_PREFIX}${index}`
}
