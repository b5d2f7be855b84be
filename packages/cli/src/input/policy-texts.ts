import { resolve } from 'node:path'
import type { PolicyFile } from '@sallyport/store'
import { readTextFile } from './read-text-file.ts'

const MAX_POLICY_BYTES = 16 * 2 ** 20

/** Policy files as they travel to the one that guards the host, under their full paths. */
export async function readPolicyTexts(paths: readonly string[]): Promise<readonly PolicyFile[]> {
  const files: PolicyFile[] = []
  for (const path of paths) files.push({ file: resolve(path), text: await readTextFile(path, MAX_POLICY_BYTES) })
  return files
}
