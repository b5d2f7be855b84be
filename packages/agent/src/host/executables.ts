import { glob, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FileHashes } from './file-hashes.ts'
import { policyApps } from './policy-terms.ts'
import type { Policy } from '@sallyport/policy'

type Executable = {
  readonly dev: bigint
  readonly ino: bigint
  readonly path: string
  readonly sha256: string | null
}

/** Where an executable is looked for that a policy knows by its content only. */
const PROGRAM_DIRECTORIES = '/{usr/,usr/local/,}{bin,sbin,libexec}/**'

const WILDCARD = /[*?[{]/

/**
 * The files that the policy's applications are now. The kernel knows a running program by its file, not by its path, so a
 * copy elsewhere or another name is another program, and an upgrade is seen by looking again.
 */
export async function findExecutables(policy: Policy, hashes: FileHashes): Promise<readonly Executable[]> {
  const patterns = policyApps(policy)
  const hashing = patterns.some(({ kind }) => kind === 'sha256') ? hashes : null
  const paths = new Set<string>()
  for (const pattern of patterns) if (pattern.kind === 'path') await collectFiles(pattern.glob, paths)
  if (hashing !== null) await collectFiles(PROGRAM_DIRECTORIES, paths)
  const found = new Map<string, Executable>()
  for (const path of paths) {
    const file = await identify(path, hashing)
    if (file !== null) found.set(`${file.dev}:${file.ino}:${file.path}`, file)
  }
  return [...found.values()]
}

/** Where a change to one of the policy's applications shows: beside the path that is named, and beside the file behind it. */
export function directoriesOfApps(policy: Policy, apps: readonly { readonly app: string }[]): ReadonlySet<string> {
  const named = policyApps(policy).flatMap((pattern) => (pattern.kind === 'path' ? [fixedPart(pattern.glob)] : []))
  return new Set([...named, ...apps.map(({ app }) => dirname(app))])
}

function fixedPart(pattern: string): string {
  const wild = pattern.search(WILDCARD)
  return dirname(wild === -1 ? pattern : pattern.slice(0, wild + 1))
}

async function collectFiles(pattern: string, paths: Set<string>): Promise<void> {
  if (!WILDCARD.test(pattern)) {
    paths.add(pattern)
    return
  }
  for await (const path of glob(pattern)) paths.add(path)
}

async function identify(path: string, hashes: FileHashes | null): Promise<Executable | null> {
  try {
    const { dev, ino, mode, isFile } = await facts(path)
    if (!isFile || (mode & 0o111n) === 0n) return null
    return { dev, ino, path: await realpath(path), sha256: hashes === null ? null : await hashes.sha256(path) }
  } catch {
    // Gone since it was listed, or not ours to read: it cannot be matched, which an allow rule takes as no.
    return null
  }
}

async function facts(path: string): Promise<{ dev: bigint; ino: bigint; mode: bigint; isFile: boolean }> {
  const found = await stat(path, { bigint: true })
  return { dev: found.dev, ino: found.ino, mode: found.mode, isFile: found.isFile() }
}
