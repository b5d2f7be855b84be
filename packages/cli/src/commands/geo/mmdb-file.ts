import { openMmdbFile, type MmdbTable } from '@sallyport/catalog'
import { SallyportError } from '@sallyport/policy'
import { fileError } from '../../input/read-text-file.ts'

/** A MaxMind DB that a person named. */
export function readMmdbFile(file: string): MmdbTable {
  let read: ReturnType<typeof openMmdbFile>
  try {
    read = openMmdbFile(file)
  } catch (error) {
    throw fileError(file, error)
  }
  if (read === null) throw new SallyportError('file-not-found', `${file} does not exist`)
  if ('invalid' in read) throw new SallyportError('geo-invalid', `${file}: ${read.invalid}`)
  return read
}
