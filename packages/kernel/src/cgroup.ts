import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { KernelError } from './kernel-error.ts'

/** Where version 2 is mounted: /sys/fs/cgroup, or beside version 1 on a hybrid machine. */
export function findCgroupMount(mountinfo: string = readFileSync('/proc/self/mountinfo', 'utf8')): string {
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const path = left.split(' ')[4]
    if (right.startsWith('cgroup2 ') && path) return path.replace(/\\040/g, ' ')
  }
  throw new KernelError('cgroup-missing', 'cgroup version 2 is not mounted', 'mount -t cgroup2 none /sys/fs/cgroup')
}

/** Creates the cgroup of one run, below `sallyport`. */
export function createRunCgroup(id: string): string {
  const path = join(findCgroupMount(), 'sallyport', `run-${id}`)
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    throw new KernelError('cgroup-failed', `could not create ${path}`, 'run as root', { cause })
  }
  return path
}

export function cgroupId(path: string): bigint {
  // Groups of version 1 lack this file.
  if (!existsSync(join(path, 'cgroup.controllers')))
    throw new KernelError('cgroup-missing', `${path} is no cgroup of version 2`, `name one below ${findCgroupMount()}`)
  return statSync(path, { bigint: true }).ino
}

export function moveToCgroup(path: string, pid: number): void {
  writeFileSync(join(path, 'cgroup.procs'), String(pid))
}

/** Processes of the cgroup and of every one below it. */
export function listCgroup(path: string): number[] {
  if (!existsSync(path)) return []
  const own = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...own, ...children.flatMap((entry) => listCgroup(join(path, entry.name)))]
}

/** Kills what is left, and removes the cgroup with those below it. */
export async function removeCgroup(path: string, patienceMs = 2000): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (existsSync(path)) {
    killCgroup(path)
    try {
      removeTree(path)
    } catch (cause) {
      if (Date.now() > deadline)
        throw new KernelError('cgroup-failed', `${path} is still in use`, 'end its processes', { cause })
      await sleep(20)
    }
  }
}

function killCgroup(path: string): void {
  const kill = join(path, 'cgroup.kill')
  if (existsSync(kill)) return writeFileSync(kill, '1')
  // A process of another pid namespace is listed as 0, which to kill(2) is the caller's own group.
  for (const pid of listCgroup(path)) if (pid > 0) process.kill(pid, 'SIGKILL')
}

function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(path, entry.name))
  rmdirSync(path)
}
