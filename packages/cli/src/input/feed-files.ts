import { stat } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import { fileError } from './read-text-file.ts'

export type FeedFile = { readonly name: string; readonly file: string }

/** The values of --feed, each NAME=FILE. */
export async function feedFiles(values: readonly string[]): Promise<readonly FeedFile[]> {
  const files: FeedFile[] = []
  for (const text of values) {
    const equals = text.indexOf('=')
    if (equals < 1 || equals === text.length - 1) {
      throw new SallyportError('feed-invalid', `--feed "${text}" is not NAME=FILE`)
    }
    const name = text.slice(0, equals)
    const file = text.slice(equals + 1)
    if (files.some((each) => each.name === name))
      throw new SallyportError('feed-invalid', `feed ${name} is given twice`)
    if (!(await isFile(file))) throw new SallyportError('feed-invalid', `feed ${name}: ${file} is not a file`)
    files.push({ name, file })
  }
  return files
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    throw fileError(path, error)
  }
}
