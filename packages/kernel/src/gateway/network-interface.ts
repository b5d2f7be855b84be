import { spawnSync } from 'node:child_process'
import { KernelError } from '../kernel-error.ts'
import { toolPath } from '../unprivileged/check-unprivileged.ts'

export type NetworkInterface = { readonly index: number; readonly isEthernet: boolean }

type Link = { readonly ifindex: number; readonly link_type: string }

/** In this process's network namespace, which /sys need not show. Throws `interface-missing`. */
export function networkInterface(name: string): NetworkInterface {
  const [link] = ip<Link>('link', 'show', 'dev', name)
  if (link === undefined)
    throw new KernelError(
      'interface-missing',
      `there is no network interface ${name}`,
      '`ip link` lists those of this machine',
    )
  return { index: link.ifindex, isEthernet: link.link_type === 'ether' }
}

/** What iproute2 shows; nothing of what is not there. */
export function ip<T>(...args: readonly string[]): readonly T[] {
  const env = { ...process.env, PATH: toolPath() }
  const { stdout, error } = spawnSync('ip', ['-j', ...args], { encoding: 'utf8', env })
  if (error) throw new KernelError('netlink-failed', `ip: ${error.message}`, 'apt-get install iproute2')
  return JSON.parse(stdout.trim() || '[]') as T[]
}
