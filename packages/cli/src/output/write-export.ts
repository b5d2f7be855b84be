import { open, rename, rm } from 'node:fs/promises'
import { fileError } from '../input/read-text-file.ts'
import { printSlowly } from './print.ts'
import { requireAbsent } from './write-text-file.ts'

export type Put = (piece: string | Uint8Array) => Promise<unknown>

export type ExportPlace = { readonly output?: string; readonly force?: boolean }

/** To the standard output, or to a file, which has its name only when it is whole. Throws `file-exists`, unless forced. */
export async function writeExport(
  { output: path, force }: ExportPlace,
  write: (put: Put) => Promise<void>,
): Promise<void> {
  if (path === undefined) return write(printSlowly)
  if (force !== true) await requireAbsent(path)
  const part = `${path}.${process.pid}.part`
  try {
    await using file = await open(part, 'wx', 0o600)
    await write((piece) => file.appendFile(piece))
    await file.sync()
    if (force !== true) await requireAbsent(path)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw isOfFiles(error) ? fileError(path, error, 'file-not-writable') : error
  }
}

function isOfFiles(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
