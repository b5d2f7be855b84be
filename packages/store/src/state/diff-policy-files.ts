import { createTwoFilesPatch } from 'diff'
import type { PolicyFile } from './policy-versions.ts'

type Labelled = { readonly files: readonly PolicyFile[]; readonly label: string }

/** What changed between two policies, file by file, as a unified diff. */
export function diffPolicyFiles(before: Labelled, after: Labelled): string {
  const names = [...new Set([...before.files, ...after.files].map(({ file }) => file))]
  const text = ({ files }: Labelled, name: string): string => files.find(({ file }) => file === name)?.text ?? ''
  return names
    .filter((name) => text(before, name) !== text(after, name))
    .map((name) => createTwoFilesPatch(name, name, text(before, name), text(after, name), before.label, after.label))
    .join('')
}
