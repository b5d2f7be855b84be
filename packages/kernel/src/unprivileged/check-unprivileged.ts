import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { UnprivilegedError } from './unprivileged-error.ts'

const TOOLS: Readonly<Record<string, string>> = {
  pasta: 'passt',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
}
const RULE_TOOLS = ['iptables-nft-restore', 'iptables-restore']
const TIMEOUT_MS = 3_000

/** What keeps this user from running a command in a namespace of its own; empty when nothing does. Never throws. */
export function checkUnprivileged(): { readonly ok: boolean; readonly problems: readonly UnprivilegedError[] } {
  const problems = [...missingTools(), tunProblem(), namespaceProblem()].filter((each) => each !== null)
  return { ok: problems.length === 0, problems }
}

/** Where system tools are, which an ordinary user's PATH often leaves out. */
export function toolPath(): string {
  return [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
    .filter(Boolean)
    .join(delimiter)
}

function missingTools(): readonly UnprivilegedError[] {
  const missing = Object.entries(TOOLS).filter(([tool]) => !isInPath(tool))
  if (!RULE_TOOLS.some(isInPath)) missing.push(['iptables', 'iptables'])
  return missing.map(
    ([tool, name]) => new UnprivilegedError('tool-missing', `${tool} is not installed`, `apt-get install ${name}`),
  )
}

function isInPath(tool: string): boolean {
  return toolPath()
    .split(delimiter)
    .some((folder) => isExecutable(join(folder, tool)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function tunProblem(): UnprivilegedError | null {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'))
    return null
  } catch (cause) {
    const remedy =
      'As root: `chmod 666 /dev/net/tun`; for good: KERNEL=="tun", MODE="0666", OPTIONS+="static_node=net/tun" in ' +
      '/etc/udev/rules.d/50-tun.rules. If the file is missing: `modprobe tun`.'
    return new UnprivilegedError('tun-closed', 'this user cannot open /dev/net/tun', remedy, { cause })
  }
}

function namespaceProblem(): UnprivilegedError | null {
  const args = ['--user', '--map-root-user', '--net', '--mount', '--', 'true']
  const { status, error, stderr } = spawnSync('unshare', args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: { PATH: toolPath() },
  })
  if (status === 0 || (error !== undefined && 'code' in error && error.code === 'ENOENT')) return null
  const why = (stderr || error?.message || `status ${status}`).trim()
  const text = `this user cannot make a user namespace: ${why}`
  return new UnprivilegedError('user-namespaces-off', text, `As root: ${namespaceRemedy()}`)
}

function namespaceRemedy(): string {
  if (setting('user/max_user_namespaces') === '0') return '`sysctl user.max_user_namespaces=10000`'
  if (setting('kernel/unprivileged_userns_clone') === '0') return '`sysctl kernel.unprivileged_userns_clone=1`'
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return '`sysctl kernel.apparmor_restrict_unprivileged_userns=0`'
  return 'allow user namespaces (user.max_user_namespaces, or the seccomp profile of the container)'
}

function setting(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
  } catch {
    return null
  }
}
