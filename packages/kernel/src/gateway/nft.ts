import { spawnSync } from 'node:child_process'
import { KernelError } from '../kernel-error.ts'
import { toolPath } from '../unprivileged/check-unprivileged.ts'
import { FAMILY, tableName } from './gateway-table.ts'

const TIMEOUT_MS = 10_000

/** All of the commands, or none of them. As an argument: nft opens its input anew, which a socket does not allow. */
export function nft(commands: object): void {
  run(['-j', JSON.stringify(commands)])
}

/** Packets that the table of an interface has dropped or refused, by counter; null without the table. */
export function tableCounters(lan: string): Readonly<Record<string, number>> | null {
  const text = listed(['counters', 'table', FAMILY, tableName(lan)])
  if (text === null) return null
  const { nftables } = JSON.parse(text) as { nftables: { counter?: { name: string; packets: number } }[] }
  return Object.fromEntries(nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])))
}

/** The table of an interface with the handles of its parts, without what it counts; empty without the table. */
export function tableText(lan: string): string {
  return listed(['table', FAMILY, tableName(lan)], '-s') ?? ''
}

/** All of it, without the elements of sets. */
export function rulesetText(): string {
  return run(['-j', '-t', 'list', 'ruleset'])
}

export type TableChain = { readonly isBase: boolean; readonly isEmpty: boolean }

/** The chains of a table; null without it. A base chain that drops by itself is not empty. */
export function tableChains(family: string, name: string): readonly TableChain[] | null {
  const text = listed(['table', family, name])
  if (text === null) return null
  type Listed = { readonly chain?: { name: string; hook?: string; policy?: string }; readonly rule?: { chain: string } }
  const { nftables } = JSON.parse(text) as { nftables: readonly Listed[] }
  const used = new Set(nftables.flatMap(({ rule }) => (rule ? [rule.chain] : [])))
  return nftables.flatMap(({ chain }) =>
    chain ? [{ isBase: chain.hook !== undefined, isEmpty: !used.has(chain.name) && chain.policy !== 'drop' }] : [],
  )
}

/** Null where it is not there. */
function listed(what: readonly string[], ...options: readonly string[]): string | null {
  try {
    return run(['-j', ...options, 'list', ...what])
  } catch {
    return null
  }
}

function run(args: readonly string[]): string {
  const env = { ...process.env, PATH: toolPath() }
  const { status, stdout, stderr, error } = spawnSync('nft', args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env,
  })
  if (status === 0) return stdout
  const remedy = 'apt-get install nftables, on a kernel with CONFIG_NF_TABLES, NFT_NAT, NFT_REJECT and NFT_CT'
  throw new KernelError('netfilter-failed', `nft: ${(stderr || error?.message || `exit ${status}`).trim()}`, remedy)
}
