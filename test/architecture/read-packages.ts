import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

export type Manifest = {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

export type Package = { readonly folder: string; readonly manifest: Manifest; readonly sources: readonly string[] }

export function readPackages(): readonly Package[] {
  return readdirSync(join(ROOT, 'packages')).map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8')) as Manifest,
    sources: sourcesUnder(join(ROOT, 'packages', folder, 'src')),
  }))
}

export function sourcesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.ts') && statSync(path).isFile())
}

export function shown(path: string): string {
  return relative(ROOT, path)
}
