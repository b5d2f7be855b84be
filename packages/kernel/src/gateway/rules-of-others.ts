import { readFileSync } from 'node:fs'
import { watchNetfilter } from '../watch-netfilter.ts'
import { TABLE_PREFIX } from './gateway-table.ts'
import { HELD_PREFIX } from './held-forwards.ts'
import { rulesetText } from './nft.ts'

type Listed = {
  readonly chain?: Chain
  readonly rule?: { readonly family: string; readonly table: string; readonly chain: string }
  readonly flowtable?: object
}
type Chain = {
  readonly family: string
  readonly table: string
  readonly name: string
  readonly type?: string
  readonly hook?: string
  readonly policy?: string
}

/** Those that see packets which are forwarded. Chains that translate are asked about the first packet of a connection alone. */
const HOOKS: ReadonlySet<string> = new Set(['prerouting', 'forward', 'postrouting', 'ingress', 'egress'])
/** Tables of the older iptables, which nftables does not list. */
const LEGACY = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names']

/** Where somebody else's netfilter sees every packet that is forwarded: `family table chain`. Looks again when something changed. */
export class RulesOfOthers implements Disposable {
  readonly #watch: Disposable
  #chains: readonly string[] | null = null

  constructor() {
    this.#watch = watchNetfilter(null, () => (this.#chains = null))
  }

  /** Throws when netfilter cannot be asked. */
  list(): readonly string[] {
    this.#chains ??= chainsOfOthers(rulesetText())
    return [...this.#chains, ...LEGACY.flatMap(namesIn).map((name) => `iptables-legacy ${name}`)]
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
  }
}

/** `ruleset` is what `nft -j list ruleset` says. A chain without rules that lets all through does nothing. */
export function chainsOfOthers(ruleset: string): readonly string[] {
  const { nftables } = JSON.parse(ruleset) as { readonly nftables: readonly Listed[] }
  const used = new Set(
    nftables.flatMap(({ rule }) =>
      rule === undefined || JSON.stringify(rule).includes(HELD_PREFIX) ? [] : [nameOf({ ...rule, name: rule.chain })],
    ),
  )
  return nftables
    .flatMap(({ chain }) => chain ?? [])
    .filter(({ table }) => !table.startsWith(TABLE_PREFIX))
    .filter(({ hook, type }) => hook !== undefined && HOOKS.has(hook) && type !== 'nat')
    .filter((chain) => used.has(nameOf(chain)) || chain.policy === 'drop')
    .map(nameOf)
}

function nameOf({ family, table, name }: Pick<Chain, 'family' | 'table' | 'name'>): string {
  return `${family} ${table} ${name}`
}

function namesIn(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}
