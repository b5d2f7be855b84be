import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { packetRules } from './packet-rules.ts'
import { InsideError } from './inside-error.ts'

const TIMEOUT_MS = 5_000

/** Guards both families, or throws. */
export function installRules(): void {
  restore('iptables', packetRules(4))
  if (existsSync('/proc/net/if_inet6')) restore('ip6tables', packetRules(6))
}

function restore(family: 'iptables' | 'ip6tables', rules: string): void {
  let missing = true
  const problems: string[] = []
  // The nft variant needs no lock file that only root may write.
  for (const tool of [`${family}-nft-restore`, `${family}-restore`]) {
    const { status, error, stderr } = spawnSync(tool, [], { input: rules, encoding: 'utf8', timeout: TIMEOUT_MS })
    if (status === 0) return
    if (!(error !== undefined && 'code' in error && error.code === 'ENOENT')) missing = false
    problems.push(`${tool}: ${(stderr || error?.message || `status ${status}`).trim()}`)
  }
  throw new InsideError(missing ? 'tool-missing' : 'start-failed', problems.join('; '))
}
