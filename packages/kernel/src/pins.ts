import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { checked, libbpf } from './libbpf.ts'

const BPFFS = '/sys/fs/bpf'
const BPFFS_MAGIC = 0xcafe4a11

export const PIN_ROOT: string = join(BPFFS, 'sallyport')

/** Pins keep maps and attachments in the kernel when the process that made them is gone. */
export function preparePins(path: string): void {
  if (statfsSync(BPFFS).type !== BPFFS_MAGIC) execFileSync('mount', ['-t', 'bpf', 'bpf', BPFFS])
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

export function pin(fd: number, path: string): void {
  checked(`pin ${path}`, libbpf().pin(fd, path))
}

export function openPin(path: string): number {
  return checked(`open the pin ${path}`, libbpf().get(path))
}

export function hasPin(path: string): boolean {
  return existsSync(path)
}

/** Detaches and frees everything pinned under a path: links first, so that nothing runs on half its maps. */
export function removePinned(path: string): void {
  if (!existsSync(path)) return
  const entries = readdirSync(path, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) removePinned(join(path, entry.name))
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name)
  files.sort((a, b) => Number(b.startsWith('link-')) - Number(a.startsWith('link-')))
  for (const file of files) rmSync(join(path, file))
  rmSync(path, { recursive: true })
}
