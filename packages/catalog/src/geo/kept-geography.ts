import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openGeography, OWN_FILES, type Geography } from './geography.ts'

/**
 * The same tables as long as nobody puts other files in their place: half a million ranges are read once, not whenever the
 * feeds of a policy change.
 */
export function keptGeography(
  directories: readonly string[] = [],
  warn: (text: string) => void = () => {},
  compiled: string | null = null,
): () => Geography {
  let kept: { readonly geography: Geography; readonly files: string } | null = null
  return () => {
    const files = identitiesOf(directories)
    if (kept?.files !== files) kept = { geography: openGeography(directories, warn, compiled), files }
    return kept.geography
  }
}

function identitiesOf(directories: readonly string[]): string {
  const files = directories.flatMap((directory) => OWN_FILES.map((name) => join(directory, name)))
  return files
    .map((file) => {
      const facts = statSync(file, { throwIfNoEntry: false })
      return facts === undefined ? '' : `${facts.dev} ${facts.ino} ${facts.size} ${facts.mtimeMs}`
    })
    .join('\n')
}
