import { stat } from 'node:fs/promises'
import { openWorld } from '@sallyport/catalog'
import { SallyportError, type World } from '@sallyport/policy'
import { fileError } from './read-text-file.ts'

/** What the policy knows of the world: the catalogue, and the feeds given as NAME=FILE. */
export async function readWorld(feeds: readonly string[]): Promise<World> {
  const files: Record<string, string> = {}
  for (const text of feeds) {
    const equals = text.indexOf('=')
    if (equals < 1 || equals === text.length - 1) {
      throw new SallyportError('feed-invalid', `--feed "${text}" is not NAME=FILE`)
    }
    const name = text.slice(0, equals)
    const file = text.slice(equals + 1)
    if (name in files) throw new SallyportError('feed-invalid', `feed ${name} is given twice`)
    if (!(await isFile(file))) throw new SallyportError('feed-invalid', `feed ${name}: ${file} is not a file`)
    files[name] = file
  }
  return openWorld({ feeds: files })
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    throw fileError(path, error)
  }
}
