import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { KernelError } from '../kernel-error.ts'
import { toolPath } from '../unprivileged/check-unprivileged.ts'

const TIMEOUT_MS = 5000

export type XtablesFamily = 'iptables' | 'ip6tables'

/** What this kernel has. */
export function xtablesFamilies(): readonly XtablesFamily[] {
  return existsSync('/proc/net/if_inet6') ? ['iptables', 'ip6tables'] : ['iptables']
}

/** One command of iptables(8). Throws `rules-refused`. */
export function xtables(family: XtablesFamily, args: readonly string[]): void {
  check(family, run(`${family}-nft`, args))
}

/** Every rule that names a chain, in the order of iptables(8); empty where there is none. */
export function chainText(chain: string, tables: readonly string[]): string {
  const listed = xtablesFamilies().flatMap((family) =>
    tables.map((table) => run(`${family}-nft`, ['-t', table, '-S']).stdout ?? ''),
  )
  return listed
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.includes(chain))
    .join('\n')
}

/** Whatever is left of a chain in this network namespace; nothing where there is none. */
export function removeChain(chain: string, tables: readonly string[]): void {
  for (const family of ['iptables', 'ip6tables'] as const) {
    for (const table of tables) {
      const listed = run(`${family}-nft`, ['-t', table, '-S'])
      const lines = (listed.stdout ?? '').split('\n')
      if (!lines.includes(`-N ${chain}`)) continue
      const jumps = lines.filter((line) => /^-A (?:OUTPUT|FORWARD) /.test(line) && line.endsWith(`-j ${chain}`))
      const removed = jumps.map((line) => line.replace('-A', '-D'))
      const text = [`*${table}`, ...removed, `-F ${chain}`, `-X ${chain}`, 'COMMIT', ''].join('\n')
      run(`${family}-nft-restore`, ['--noflush'], text)
    }
  }
}

function check(family: XtablesFamily, { status, error, stderr }: ReturnType<typeof run>): void {
  if (status === 0) return
  const problem = (stderr || error?.message || `status ${status}`).trim()
  throw new KernelError('rules-refused', `${family}: ${problem}`, 'apt-get install iptables')
}

function run(
  tool: string,
  args: readonly string[],
  input = '',
): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
  return spawnSync(tool, args, { input, encoding: 'utf8', timeout: TIMEOUT_MS, env: { PATH: toolPath() } })
}
