import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../test/lab/open-lab.ts'

/** Starts a guard in a network; its commands get the prefix, and what it returns ends it. */
export type Guard = (lab: Lab) => Promise<{ readonly prefix: readonly string[]; readonly end: () => Promise<void> }>

/** Stateful rules that let through what the policy of the others does, as a router and as a host have them. */
const STATEFUL = {
  router: `table inet plain {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan" ip saddr 10.77.0.0/24 ip daddr { 198.51.100.10, 198.51.100.20 } accept
    iifname "lan" udp dport 53 accept
  }
}
`,
  client: `table inet plain {
  chain output {
    type filter hook output priority 0; policy drop;
    ct state established,related accept
    oifname "lo" accept
    ip daddr { 198.51.100.10, 198.51.100.20 } accept
    udp dport 53 accept
  }
}
`,
} as const

/** Of OpenSnitch: every program may do everything. */
const RULE = {
  created: '2026-01-01T00:00:00Z',
  updated: '2026-01-01T00:00:00Z',
  name: 'all',
  enabled: true,
  precedence: false,
  action: 'allow',
  duration: 'always',
  operator: { type: 'regexp', operand: 'process.path', sensitive: false, data: '.*', list: [] },
}

function nftables(host: keyof typeof STATEFUL): Guard {
  return async (lab) => {
    const { status, stderr } = await lab.run(host, ['nft', '-f', '-'], { input: STATEFUL[host] })
    if (status !== 0) throw new Error(stderr)
    return { prefix: [], end: async () => void (await lab.run(host, ['nft', 'flush', 'ruleset'])) }
  }
}

export const NFTABLES: Readonly<Record<keyof typeof STATEFUL, Guard>> = {
  client: nftables('client'),
  router: nftables('router'),
}

export const startOpenSnitch: Guard = async (lab) => {
  const rules = join(lab.directory, 'opensnitch-rules')
  mkdirSync(rules, { recursive: true })
  writeFileSync(join(rules, 'all.json'), JSON.stringify(RULE))
  const socket = ['-ui-socket', `unix://${join(lab.directory, 'none.sock')}`]
  const daemon = ['opensnitchd', '-process-monitor-method', 'proc', '-rules-path', rules, ...socket]
  const { child, ended } = lab.start('client', [...daemon, '-log-file', '/dev/null'])
  await queueIsBound(lab)
  // It does not always end by itself.
  return { prefix: [], end: async () => void (child.kill('SIGKILL'), await ended) }
}

async function queueIsBound(lab: Lab): Promise<void> {
  const look = ['sh', '-c', 'cat /proc/net/netfilter/nfnetlink_queue; iptables-nft-save']
  for (let turn = 0; turn < 100; turn++) {
    const { stdout } = await lab.run('client', look)
    if (stdout.includes('NFQUEUE')) return sleep(500)
    await sleep(100)
  }
  throw new Error('OpenSnitch takes no packets')
}
