import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../test/lab/open-lab.ts'

/** Plain stateful forwarding, as a router has it. */
const STATEFUL = `table inet plain {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan" accept
  }
}
`

/** Of OpenSnitch: every program of Python may do everything. */
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

/** Starts a guard that is not ours; what it returns ends it. */
type Start = (lab: Lab) => Promise<() => Promise<void>>

export const GUARDS_OF_OTHERS: Readonly<Record<string, Start>> = {
  'nftables on the router': async (lab) => {
    await lab.run('router', ['nft', '-f', '-'], { input: STATEFUL })
    return async () => void (await lab.run('router', ['nft', 'flush', 'ruleset']))
  },
  'OpenSnitch on the client': async (lab) => {
    const rules = join(lab.directory, 'opensnitch-rules')
    mkdirSync(rules, { recursive: true })
    writeFileSync(join(rules, 'all.json'), JSON.stringify(RULE))
    const socket = ['-ui-socket', `unix://${join(lab.directory, 'none.sock')}`]
    const daemon = ['opensnitchd', '-process-monitor-method', 'proc', '-rules-path', rules, ...socket]
    const { child, ended } = lab.start('client', [...daemon, '-log-file', '/dev/null'])
    await queueIsBound(lab)
    return async () => {
      // It does not always end by itself.
      child.kill('SIGKILL')
      await ended
      for (const table of ['mangle', 'filter'])
        await lab.run('client', ['sh', '-c', 'iptables-nft -t $0 -F; ip6tables-nft -t $0 -F', table])
    }
  },
}

async function queueIsBound(lab: Lab): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    const { stdout } = await lab.run('client', [
      'sh',
      '-c',
      'cat /proc/net/netfilter/nfnetlink_queue; iptables-nft-save',
    ])
    if (stdout.includes('NFQUEUE')) return sleep(500)
    await sleep(100)
  }
  throw new Error('OpenSnitch takes no packets')
}
