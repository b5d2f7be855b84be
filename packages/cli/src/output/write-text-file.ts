import { access, writeFile } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import { fileError } from '../input/read-text-file.ts'

/** With `wx`, a file that is there stays as it is: throws `file-exists`. */
export async function writeTextFile(path: string, text: string, flag: 'w' | 'wx' = 'w'): Promise<void> {
  try {
    await writeFile(path, text, { flag })
  } catch (error) {
    if (flag === 'wx' && error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw isThere(path, error)
    throw fileError(path, error, 'file-not-writable')
  }
}

/** Before the work whose result would find no place. Throws `file-exists`. */
export async function requireAbsent(path: string): Promise<void> {
  const isAbsent = await access(path).then(
    () => false,
    () => true,
  )
  if (!isAbsent) throw isThere(path)
}

function isThere(path: string, cause?: unknown): SallyportError {
  return new SallyportError('file-exists', `${path} is there already`, { cause })
}
