import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { KernelError } from '../kernel-error.ts'
import { toolPath } from '../unprivileged/check-unprivileged.ts'

const TIMEOUT_MS = 5000

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
export function installRules(rules: HeldRules): Disposable {
  removeRules(rules.chain)
  const families = existsSync('/proc/net/if_inet6') ? (['iptables', 'ip6tables'] as const) : (['iptables'] as const)
  for (const family of families) {
    const problem = restore(family, heldRules(rules, family))
    if (problem === null) continue
    removeRules(rules.chain)
    throw new KernelError('rules-refused', `${family}: ${problem}`, 'apt-get install iptables')
  }
  return { [Symbol.dispose]: () => removeRules(rules.chain) }
}

export function heldRules({ chain, program, queue }: HeldRules, family: 'iptables' | 'ip6tables'): string {
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
  for (const family of ['iptables', 'ip6tables'] as const) {
    for (const table of ['raw', 'filter']) {
      const listed = run(`${family}-nft`, ['-t', table, '-S'])
      const lines = (listed.stdout ?? '').split('\n')
      if (!lines.includes(`-N ${chain}`)) continue
      const jumps = lines.filter((line) => line.startsWith('-A OUTPUT ') && line.endsWith(`-j ${chain}`))
      const removed = jumps.map((line) => line.replace('-A', '-D'))
      restore(family, [`*${table}`, ...removed, `-F ${chain}`, `-X ${chain}`, 'COMMIT', ''].join('\n'))
    }
  }
}

function restore(family: 'iptables' | 'ip6tables', rules: string): string | null {
  const { status, error, stderr } = run(`${family}-nft-restore`, ['--noflush'], rules)
  return status === 0 ? null : (stderr || error?.message || `status ${status}`).trim()
}

function run(
  tool: string,
  args: readonly string[],
  input = '',
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(tool, args, { input, encoding: 'utf8', timeout: TIMEOUT_MS, env: { PATH: toolPath() } })
}
