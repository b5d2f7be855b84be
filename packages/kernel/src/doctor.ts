import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { findCgroupMount } from './cgroup.ts'
import { loadGateway } from './gateway/gateway-object.ts'
import { tryRules } from './handshakes/held-rules.ts'
import { libbpf } from './libbpf.ts'
import { toolPath } from './unprivileged/check-unprivileged.ts'
import { missingCapabilities } from './require-machine.ts'
import { FAMILY_GUARD, loadObject, OBJECT_PATH } from './programs.ts'

export interface Probe {
  readonly name: string
  /** `untried`: only root can tell. */
  readonly state: 'ok' | 'absent' | 'untried'
  readonly detail: string
  /** What to do when it is absent; empty otherwise. */
  readonly remedy: string
}

type Check = {
  readonly name: string
  readonly remedy: string
  readonly check: () => string
  readonly rootOnly?: true
}

/** What this machine offers. Nothing is changed, and nothing here throws. */
export function probeMachine(): readonly Probe[] {
  return CHECKS.map(({ name, remedy, check, rootOnly }): Probe => {
    if (rootOnly && !isRoot()) return { name, state: 'untried', detail: 'only root can try', remedy: '' }
    try {
      return { name, state: 'ok', detail: check(), remedy: '' }
    } catch (error) {
      return { name, state: 'absent', detail: firstLine(error), remedy }
    }
  })
}

/** Enough to load: the table's memory is taken at once. */
const LEAST_FLOWS = 1024

const CGROUP_BPF = { remedy: 'use a kernel with CONFIG_CGROUP_BPF', rootOnly: true } as const

const TO_QUEUE = ['-j', 'NFQUEUE', '--queue-num', '7'] as const
const IS_MARKED = ['-m', 'mark', '--mark', '1/1', '-m', 'conntrack', '!', '--ctstate', 'INVALID'] as const

const CHECKS: readonly Check[] = [
  { name: 'root', remedy: 'run as root; unprivileged `run` uses its own network namespace instead', check: root },
  {
    name: 'capabilities',
    remedy: 'run it as root of the machine, or give the container what is missing',
    check: capabilities,
    rootOnly: true,
  },
  {
    name: 'btf',
    remedy: 'use a kernel built with CONFIG_DEBUG_INFO_BTF',
    check: () => existing('/sys/kernel/btf/vmlinux'),
  },
  { name: 'cgroup2', remedy: 'mount -t cgroup2 none /sys/fs/cgroup', check: findCgroupMount },
  { name: 'bpffs', remedy: 'mount -t bpf bpf /sys/fs/bpf', check: bpffs },
  { name: 'libbpf', remedy: 'apt-get install libbpf1', check: () => (libbpf(), 'libbpf.so.1') },
  { name: 'object', remedy: 'run scripts/build-bpf.sh', check: () => existing(OBJECT_PATH) },
  { name: 'cgroup_sock', check: () => programType(9), ...CGROUP_BPF },
  { name: 'cgroup_sock_addr', check: () => programType(18), ...CGROUP_BPF },
  { name: 'cgroup_skb', check: () => programType(8), ...CGROUP_BPF },
  { name: 'cgroup_sockopt', check: () => programType(25), ...CGROUP_BPF },
  {
    name: 'programs',
    remedy: 'report the kernel version; the verifier refused the programs',
    check: programs,
    rootOnly: true,
  },
  {
    name: 'family_guard',
    remedy: 'optional: boot with bpf in lsm=; without it `run` drops CAP_NET_RAW',
    check: familyGuard,
    rootOnly: true,
  },
  {
    name: 'handshakes',
    remedy:
      'use a kernel with CONFIG_NFT_COMPAT, CONFIG_NETFILTER_XT_MATCH_BPF and CONFIG_NETFILTER_XT_TARGET_NFQUEUE; without it no rule with a protocol or a name can be enforced as root',
    check: () => (tryRules(), 'rules accepted'),
    rootOnly: true,
  },
  {
    name: 'gateway_handshakes',
    remedy:
      'for `gateway`: apt-get install iptables, or a kernel with CONFIG_NETFILTER_XT_MATCH_CONNTRACK, CONFIG_NETFILTER_XT_MARK and CONFIG_NETFILTER_XT_TARGET_NFQUEUE',
    check: () => ruleAccepted('iptables-nft', '-t', 'mangle', '-A', 'FORWARD', ...IS_MARKED, ...TO_QUEUE),
  },
  {
    name: 'iptables_nfqueue',
    remedy: 'apt-get install iptables, or a kernel with CONFIG_NETFILTER_XT_TARGET_NFQUEUE',
    check: () => ruleAccepted('iptables', '-A', 'OUTPUT', ...TO_QUEUE),
  },
  {
    name: 'gateway_programs',
    remedy:
      'for `gateway`: a kernel with CONFIG_NET_CLS_BPF; report the version of one whose verifier refused the programs',
    check: gatewayPrograms,
    rootOnly: true,
  },
  {
    name: 'conntrack',
    remedy: 'modprobe nf_conntrack',
    check: () => existing('/proc/sys/net/netfilter/nf_conntrack_max'),
  },
  { name: 'tun', remedy: 'chmod 666 /dev/net/tun, for unprivileged `run`', check: tun },
  { name: 'user_namespaces', remedy: 'sysctl user.max_user_namespaces=10000', check: userNamespaces },
  { name: 'passt', remedy: 'apt-get install passt', check: () => found('passt') },
  { name: 'setpriv', remedy: 'apt-get install util-linux', check: () => found('setpriv') },
]

function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function root(): string {
  if (!isRoot()) throw new Error(`uid ${process.getuid?.()}`)
  return 'uid 0'
}

function capabilities(): string {
  const missing = missingCapabilities(readFileSync('/proc/self/status', 'utf8'))
  if (missing.length > 0) throw new Error(`this process lacks ${missing.join(', ')}`)
  return 'those that enforcement needs'
}

function existing(path: string): string {
  if (!existsSync(path)) throw new Error(`${path} is missing`)
  return path
}

function bpffs(): string {
  if (statfsSync('/sys/fs/bpf').type !== 0xcafe4a11) throw new Error('not mounted; mounted on demand')
  return '/sys/fs/bpf'
}

function programType(type: number): string {
  if (Number(libbpf().probeProgram(type, null)) !== 1)
    throw new Error('not offered by this kernel, or not to this user')
  return 'loads'
}

function programs(): string {
  const loaded = loadObject()
  loaded.close()
  return `${loaded.programs.length} programs load`
}

function gatewayPrograms(): string {
  programType(3)
  const loaded = loadGateway(LEAST_FLOWS)
  loaded.close()
  return `${Object.keys(loaded.programs).length} programs load`
}

function familyGuard(): string {
  const loaded = loadObject()
  loaded.close()
  if (!loaded.programs.includes(FAMILY_GUARD)) throw new Error('the kernel does not take BPF security programs')
  return 'loads'
}

/** Tried in a network namespace that ends with the command, so that this machine's own rules are never touched. */
function ruleAccepted(tool: 'iptables' | 'iptables-nft', ...args: readonly string[]): string {
  const namespaces = isRoot() ? ['--net'] : ['--user', '--map-root-user', '--net']
  const env = { ...process.env, PATH: toolPath() }
  const { status, stderr, error } = spawnSync('unshare', [...namespaces, '--', tool, ...args], {
    encoding: 'utf8',
    env,
  })
  if (status !== 0) throw error ?? new Error(`${tool} refused a queue: ${stderr.trim() || `exit ${status}`}`)
  return 'rule accepted'
}

function tun(): string {
  const mode = statSync('/dev/net/tun').mode & 0o777
  if ((mode & 0o006) !== 0o006) throw new Error(`/dev/net/tun has mode ${mode.toString(8)}: root only`)
  return 'open to every user'
}

function userNamespaces(): string {
  const limit = Number(readFileSync('/proc/sys/user/max_user_namespaces', 'utf8'))
  if (limit === 0) throw new Error('user.max_user_namespaces is 0')
  execFileSync('unshare', ['--user', '--map-root-user', '--', 'true'], { stdio: 'pipe' })
  return `up to ${limit}`
}

function found(command: string): string {
  return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', command], { encoding: 'utf8' }).trim()
}
