/**
 * connect(2) without enforcement, with 10 rules, and with 1,000,000 destinations: TCP over a veth pair to a listener in a
 * namespace of its own, and UDP, which is the system call and nothing else. The three take turns in every run.
 */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EMPTY_WORLD, type NamedSet, type Policy, type World } from '@sallyport/policy'
import { parseDomainPattern, parsePortRange, parsePrefix, isPrefix, type Prefix } from '@sallyport/net'
import { compilePolicy, kernelTables } from '@sallyport/compile'
import { createRunCgroup, openEnforcement, removeCgroup, spawnGuarded, type Enforcement } from '@sallyport/kernel'
import { largePolicy } from './large-policy.ts'

const RUNS = Number(process.env['RUNS'] ?? 25)
const COUNT = Number(process.env['COUNT'] ?? 1000)
const NAMESPACE = 'spbench'
const PEER = '203.0.113.2'
const WHAT = {
  connectNs: 'connect, processor time',
  clockNs: 'connect, by the clock',
  wholeNs: 'socket, connect and close, processor time',
} as const
const HOST = { device: null, tags: null, posture: null, users: [], apps: [], units: [] }

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  if (!isPrefix(parsed)) throw new Error(text)
  return parsed
}

/** 500,000 prefixes and 500,000 names to deny, then one rule that lets the peer through. */
function policyOf(rules: number): Policy {
  const base = largePolicy(rules)
  const layer = base.layers[0]!
  const peer = {
    ...layer.rules[0]!,
    id: 'peer',
    action: 'allow' as const,
    to: [{ ip: [prefix(PEER)] }],
    ports: [parsePortRange('9000')!],
  }
  return { layers: [{ ...layer, rules: [...layer.rules.slice(0, 1), peer, ...layer.rules.slice(1)] }] }
}

function worldOf(destinations: number): World {
  const half = destinations / 2
  const set: NamedSet = {
    prefixes: Array.from({ length: half }, (_, i) => prefix(`${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`)),
    domains: Array.from({ length: half }, (_, i) => parseDomainPattern(`.bad${i}.example.net`)!),
  }
  return { ...EMPTY_WORLD, feed: (name) => (name === 'malware' ? set : null) }
}

async function enforced(
  id: string,
  rules: number,
  destinations: number,
): Promise<{ cgroup: string; guard: Enforcement }> {
  const cgroup = createRunCgroup(`bench-${id}`)
  const guard = await openEnforcement({ cgroupPath: cgroup })
  const policy = policyOf(rules)
  const start = performance.now()
  const compiled = compilePolicy(policy, worldOf(destinations), { atMs: 0 })
  const tables = kernelTables(compiled.at(0), HOST, policy.layers[0]!.rules)
  const compiledAt = performance.now()
  guard.apply(tables)
  guard.events(() => {})
  console.error(
    `${id}: compiled in ${Math.round(compiledAt - start)} ms, loaded in ${Math.round(performance.now() - compiledAt)} ms`,
  )
  return { cgroup, guard }
}

/** By the clock; in processor time; socket, connect and close in processor time. */
type Timing = { readonly clockNs: number; readonly connectNs: number; readonly wholeNs: number }

async function measure(cgroup: string, kind: string): Promise<Timing> {
  const script = join(import.meta.dirname, 'connect.py')
  const args = [script, kind, PEER, '9000', String(COUNT)]
  const child = spawnGuarded({ cgroupPath: cgroup, command: 'python3', args, isolate: false }, { stdio: 'pipe' })
  let text = ''
  child.stdout!.on('data', (chunk) => (text += chunk))
  child.stderr!.pipe(process.stderr)
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`connect loop failed: ${code}`)
  const [clockNs = 0, connectNs = 0, wholeNs = 0] = text.trim().split(' ').map(Number)
  return { clockNs, connectNs, wholeNs }
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'inherit' })

ip('netns', 'add', NAMESPACE)
const open: { cgroup: string; guard: Enforcement }[] = []
let bare = ''
const server = spawn('ip', ['netns', 'exec', NAMESPACE, 'python3', '-c', listener()], { stdio: 'inherit' })
try {
  ip('link', 'add', 'spbench0', 'type', 'veth', 'peer', 'name', 'spbench1', 'netns', NAMESPACE)
  ip('addr', 'add', '203.0.113.1/24', 'dev', 'spbench0')
  ip('link', 'set', 'spbench0', 'up')
  ip('-n', NAMESPACE, 'addr', 'add', `${PEER}/24`, 'dev', 'spbench1')
  ip('-n', NAMESPACE, 'link', 'set', 'spbench1', 'up')
  await sleep(500)
  bare = createRunCgroup('bench-bare')
  const small = await enforced('10-rules', 10, 0)
  open.push(small)
  const large = await enforced('1000000-destinations', 10, 1_000_000)
  open.push(large)
  const cgroups = { bare, small: small.cgroup, large: large.cgroup }
  for (const kind of ['tcp', 'udp']) {
    const rows: { bare: Timing; small: Timing; large: Timing }[] = []
    for (let run = 0; run <= RUNS; run++) {
      // What one leaves behind falls to the next, so each comes first, second and last equally often.
      const turns = ['bare', 'small', 'large'] as const
      const row: Partial<Record<(typeof turns)[number], Timing>> = {}
      for (let turn = 0; turn < turns.length; turn++) {
        const who = turns[(run + turn) % turns.length]!
        row[who] = await measure(cgroups[who], kind)
      }
      if (run > 0) rows.push(row as Required<typeof row>)
    }
    const spread = (ratios: readonly number[]): Record<string, number> => {
      const sorted = ratios.toSorted((a, b) => a - b)
      const shown = (value: number): number => Number(value.toFixed(3))
      return { min: shown(sorted[0]!), median: shown(sorted[sorted.length >> 1]!), max: shown(sorted.at(-1)!) }
    }
    for (const part of ['connectNs', 'clockNs', 'wholeNs'] as const) {
      const bareNs = rows.map((row) => row.bare[part]).toSorted((a, b) => a - b)[RUNS >> 1]!
      console.log(
        JSON.stringify({
          bench: `${kind}: ${WHAT[part]}`,
          runs: RUNS,
          calls: COUNT,
          bareNs: Math.round(bareNs),
          tenRulesRatio: spread(rows.map((row) => row.small[part] / row.bare[part])),
          millionRatio: spread(rows.map((row) => row.large[part] / row.bare[part])),
          millionToTen: spread(rows.map((row) => row.large[part] / row.small[part])),
        }),
      )
    }
  }
} finally {
  for (const { guard, cgroup } of open) {
    await guard[Symbol.asyncDispose]()
    await removeCgroup(cgroup)
  }
  if (bare !== '') await removeCgroup(bare)
  server.kill()
  execFileSync('ip', ['netns', 'del', NAMESPACE])
}

function listener(): string {
  return [
    'import os, socket',
    'os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})',
    's = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)',
    "s.bind(('0.0.0.0', 9000)); s.listen(4096)",
    'while True: s.accept()[0].close()',
  ].join('\n')
}
