import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { join } from 'node:path'
import { findCgroupMount } from './cgroup.ts'

export interface GuardedCommand {
  readonly cgroupPath: string
  readonly command: string
  readonly args: readonly string[]
  /** Run as this user; root stays root when missing. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Set when sockets of families other than IP are not guarded: packet sockets then need to be out of reach. */
  readonly dropRaw?: boolean
  /** Namespace and mount isolation need root. */
  readonly isolate?: boolean
}

/** Through each of these a process could leave its cgroup, rewrite the guard, or act in another's name. */
const DROPPED_CAPABILITIES = ['sys_admin', 'bpf', 'perfmon', 'net_admin', 'sys_ptrace', 'sys_module', 'sys_rawio']

/** Services that start processes outside the cgroup for whoever asks. */
const LAUNCHERS = [
  '/run/systemd/private',
  '/run/dbus/system_bus_socket',
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/crio/crio.sock',
  '/run/libvirt/libvirt-sock',
]

/** Joins the cgroup first, then gives its arguments the process: whatever follows is guarded from its first instruction. */
const JOIN = 'echo $$ > "$1" && shift && exec "$@"'

/**
 * In namespaces of its own: every cgroup tree read-only, the services that launch elsewhere masked. The shell stays as
 * process 1, because signals that process 1 does not handle are lost: the command would not end on Ctrl-C.
 */
const SEAL = `
mounts=$1; shift
[ -r /proc/self/mountinfo ] || exit 125
while read -r _ _ _ _ path _; do
  case $path in /sys/fs/cgroup|/sys/fs/cgroup/*) mount -o remount,bind,ro "$path" || exit 125 ;; esac
done < /proc/self/mountinfo
case $mounts in /sys/fs/cgroup|/sys/fs/cgroup/*) ;; *) mount -o remount,bind,ro "$mounts" || exit 125 ;; esac
while [ "$1" != -- ]; do
  if [ -e "$1" ]; then mount --bind /dev/null "$1" || exit 125; fi
  shift
done
shift
"$@"
exit $?`

/** The argument vector that starts a command inside its cgroup; nothing of the command is ever part of a script. */
export function guardedArgv(guarded: GuardedCommand): readonly [string, ...string[]] {
  const { cgroupPath, command, args, user, dropRaw = false, isolate = true } = guarded
  const enter = ['/bin/sh', '-c', JOIN, 'sallyport', join(cgroupPath, 'cgroup.procs')] as const
  if (!isolate) return [...enter, command, ...args]
  // A process of the same user outside could be traced, and its view of the cgroups entered through /proc/PID/root.
  const unshare = ['unshare', '--mount', '--cgroup', '--pid', '--fork', '--kill-child', '--mount-proc', '--']
  const launchers = user
    ? [...LAUNCHERS, `/run/user/${user.uid}/bus`, `/run/user/${user.uid}/systemd/private`]
    : LAUNCHERS
  const seal = ['/bin/sh', '-c', SEAL, 'sallyport', findCgroupMount(), ...launchers, '--']
  const dropped = [...DROPPED_CAPABILITIES, ...(dropRaw ? ['net_raw'] : [])].map((name) => `-${name}`).join(',')
  const setpriv = ['setpriv', `--bounding-set=${dropped}`, `--inh-caps=${dropped}`]
  if (user) setpriv.push(`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups')
  return [...enter, ...unshare, ...seal, ...setpriv, '--', command, ...args]
}

export function spawnGuarded(guarded: GuardedCommand, options: SpawnOptions = {}): ChildProcess {
  const [file, ...args] = guardedArgv(guarded)
  return spawn(file, args, options)
}
