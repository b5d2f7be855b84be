import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { packetRules } from './packet-rules.ts'
import { InsideError } from './inside-error.ts'

const TIMEOUT_MS = 5_000

/** Guards both families, or throws. Rules that were there are replaced at once. */
export function installRules(generation: number): void {
  install('iptables', { family: 4, generation })
  if (existsSync('/proc/net/if_inet6')) install('ip6tables', { family: 6, generation })
}

function install(command: 'iptables' | 'ip6tables', options: Omit<Parameters<typeof packetRules>[0], 'hasBpf'>): void {
  if (restore(command, packetRules({ ...options, hasBpf: true })).length === 0) return
  const refusals = restore(command, packetRules({ ...options, hasBpf: false }))
  if (refusals.length === 0) return
  const missing = refusals.every(({ isMissing }) => isMissing)
  throw new InsideError(missing ? 'tool-missing' : 'start-failed', refusals.map(({ problem }) => problem).join('; '))
}

type Refusal = { readonly problem: string; readonly isMissing: boolean }

/** What each program that could do it said; nothing when one has. */
function restore(command: 'iptables' | 'ip6tables', rules: string): readonly Refusal[] {
  const refusals: Refusal[] = []
  // The nft variant needs no lock file that only root may write.
  for (const tool of [`${command}-nft-restore`, `${command}-restore`]) {
    const { status, error, stderr } = spawnSync(tool, [], { input: rules, encoding: 'utf8', timeout: TIMEOUT_MS })
    if (status === 0) return []
    const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT'
    refusals.push({ isMissing, problem: `${tool}: ${(stderr || error?.message || `status ${status}`).trim()}` })
  }
  return refusals
}
