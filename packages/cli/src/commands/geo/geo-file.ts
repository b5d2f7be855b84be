import { openGeoFile, type GeoFile } from '@sallyport/catalog'
import { SallyportError } from '@sallyport/policy'
import { fileError } from '../../input/read-text-file.ts'

/** A MaxMind DB, or files of ranges, that a person named. */
export function readGeoFile(files: readonly string[]): GeoFile {
  const named = files.join(', ')
  let read: ReturnType<typeof openGeoFile>
  try {
    read = openGeoFile(files)
  } catch (error) {
    throw fileError(named, error)
  }
  if (read === null) throw new SallyportError('file-not-found', `${named} does not exist`)
  if ('invalid' in read) throw new SallyportError('geo-invalid', `${named}: ${read.invalid}`)
  return read
}
