import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

export type Manifest = {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export type Package = {
  readonly folder: string
  readonly manifest: Manifest
  /** Files that users get. */
  readonly sources: readonly string[]
  /** Tests, and what only tests import. */
  readonly tests: readonly string[]
}

export function readPackages(): readonly Package[] {
  return readdirSync(join(ROOT, 'packages'))
    .filter((folder) => existsSync(join(ROOT, 'packages', folder, 'package.json')))
    .map((folder) => {
      const home = join(ROOT, 'packages', folder)
      const inside = sourcesUnder(join(home, 'src'))
      return {
        folder,
        manifest: readManifest(home),
        sources: inside.filter((path) => !isTest(path)),
        tests: [...inside.filter(isTest), ...sourcesUnder(join(home, 'test'))],
      }
    })
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** All TypeScript files below a folder; none when there is no such folder. */
export function sourcesUnder(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|cts|js|mjs|cjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

export function shown(path: string): string {
  return relative(ROOT, path)
}

function isTest(path: string): boolean {
  return /\.(test|fixture)\.ts$/.test(path) || relative(ROOT, path).split('/').includes('test')
}
