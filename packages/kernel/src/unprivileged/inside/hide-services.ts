import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { relative } from 'node:path'

/** Services on the host that start processes, outside this namespace, for whoever may talk to them. */
const LAUNCHERS = [
  '/run/systemd/private',
  '/run/dbus/system_bus_socket',
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/crio/crio.sock',
  '/run/libvirt/libvirt-sock',
]

/** Covers them for the command, together with the user's own: session bus, service manager, terminal multiplexers. */
export function hideServices(uid: number, runtimeFolder: string | null): readonly string[] {
  const folders = [`/run/user/${uid}`, `/tmp/tmux-${uid}`, '/run/screen'].filter(isFolder)
  const own =
    runtimeFolder !== null && isFolder(runtimeFolder) && !folders.includes(runtimeFolder) ? runtimeFolder : null
  if (own !== null && isForServices(own)) folders.push(own)
  return [
    ...LAUNCHERS.filter((path) => existsSync(path)).filter((path) => !mount(['--bind', '/dev/null', path])),
    ...folders.filter((path) => !mount(['-t', 'tmpfs', '-o', 'mode=0700,size=64m', 'tmpfs', path])),
    ...(own === null || folders.includes(own) ? [] : [own]),
  ]
}

/** XDG_RUNTIME_DIR may name anything; a folder with the command's own files must stay. */
function isForServices(folder: string): boolean {
  const holds = (path: string): boolean => !relative(folder, path).startsWith('..')
  return (statSync(folder).mode & 0o777) === 0o700 && !holds(process.cwd()) && !holds(homedir())
}

/** So that processes have the numbers here that they know themselves by. */
export function mountOwnProc(): boolean {
  return mount(['-t', 'proc', 'proc', '/proc'])
}

function mount(args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore', timeout: 5_000 }).status === 0
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
