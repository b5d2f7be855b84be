import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { findCgroupMount } from './cgroup.ts'
import { libbpf } from './libbpf.ts'
import { FAMILY_GUARD, loadObject, OBJECT_PATH } from './programs.ts'

export interface Probe {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do when it is not; empty otherwise. */
  readonly remedy: string
}

type Check = () => string

/** What this machine offers. Nothing is changed, and nothing here throws. */
export function probeMachine(): readonly Probe[] {
  return CHECKS.map(([name, remedy, check]) => {
    try {
      return { name, ok: true, detail: check(), remedy: '' }
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message.split('\n')[0]! : String(error), remedy }
    }
  })
}

const CHECKS: readonly (readonly [name: string, remedy: string, check: Check])[] = [
  ['root', 'run as root; unprivileged `run` uses its own network namespace instead', root],
  ['btf', 'use a kernel built with CONFIG_DEBUG_INFO_BTF', () => existing('/sys/kernel/btf/vmlinux')],
  ['cgroup2', 'mount -t cgroup2 none /sys/fs/cgroup', findCgroupMount],
  ['bpffs', 'mount -t bpf bpf /sys/fs/bpf', bpffs],
  ['libbpf', 'apt-get install libbpf1', () => (libbpf(), 'libbpf.so.1')],
  ['object', 'run scripts/build-bpf.sh', () => existing(OBJECT_PATH)],
  ['cgroup_sock', 'use a kernel with CONFIG_CGROUP_BPF', () => programType(9)],
  ['cgroup_sock_addr', 'use a kernel with CONFIG_CGROUP_BPF', () => programType(18)],
  ['cgroup_skb', 'use a kernel with CONFIG_CGROUP_BPF', () => programType(8)],
  ['cgroup_sockopt', 'use a kernel with CONFIG_CGROUP_BPF', () => programType(25)],
  ['programs', 'report the kernel version; the verifier refused the programs', programs],
  ['family_guard', 'optional: boot with bpf in lsm=; without it `run` drops CAP_NET_RAW', familyGuard],
  ['nft_queue', 'apt-get install nftables, or use a kernel with CONFIG_NFT_QUEUE', () => ruleAccepted('nft')],
  [
    'iptables_nfqueue',
    'apt-get install iptables; kernel with CONFIG_NETFILTER_XT_TARGET_NFQUEUE',
    () => ruleAccepted('iptables'),
  ],
  ['conntrack', 'modprobe nf_conntrack', () => existing('/proc/sys/net/netfilter/nf_conntrack_max')],
  ['tun', 'chmod 666 /dev/net/tun, for unprivileged `run`', tun],
  ['user_namespaces', 'sysctl user.max_user_namespaces=10000', userNamespaces],
  ['passt', 'apt-get install passt', () => found('passt')],
  ['setpriv', 'apt-get install util-linux', () => found('setpriv')],
]

function root(): string {
  if (process.getuid?.() !== 0) throw new Error(`uid ${process.getuid?.()}`)
  return 'uid 0'
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

function familyGuard(): string {
  const loaded = loadObject()
  loaded.close()
  if (!loaded.programs.includes(FAMILY_GUARD)) throw new Error('the kernel does not take BPF security programs')
  return 'loads'
}

/** Tried in a network namespace that ends with the command, so that this machine's own rules are never touched. */
function ruleAccepted(tool: 'nft' | 'iptables'): string {
  const nft = ['nft', 'add table inet t; add chain inet t c; add rule inet t c queue num 7']
  const iptables = ['iptables', '-A', 'OUTPUT', '-j', 'NFQUEUE', '--queue-num', '7']
  execFileSync('unshare', ['--net', '--', ...(tool === 'nft' ? nft : iptables)], { stdio: 'pipe' })
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
