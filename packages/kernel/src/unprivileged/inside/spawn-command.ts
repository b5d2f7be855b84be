import { spawn, type ChildProcess } from 'node:child_process'
import type { Identity } from '../messages.ts'

/**
 * The user namespace of the command lies in the one that owns the network, so it holds no power over rules and sockets
 * there, whatever it becomes in its own. The programs in between exec each other: the command is the child itself.
 */
export function commandArguments(command: readonly string[], { uid, gid }: Identity): readonly [string, ...string[]] {
  const unshare = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'] as const
  const setpriv = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--']
  return [...unshare, ...setpriv, ...command]
}

export function spawnCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  identity: Identity,
): ChildProcess {
  const [file, ...args] = commandArguments(command, identity)
  return spawn(file, args, { stdio: 'inherit', env })
}
