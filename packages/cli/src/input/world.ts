import { stat } from 'node:fs/promises'
import { EMPTY_WORLD, SallyportError, type DestinationTerm, type Policy, type World } from '@sallyport/policy'
import { fileError } from './read-text-file.ts'

const WORLDLY = [
  'country',
  'continent',
  'asn',
  'service',
  'feed',
  'category',
] as const satisfies readonly (keyof DestinationTerm)[]

/** What the policies know of the world: the catalogue, and the feeds given as NAME=FILE; nothing is read that none asks for. */
export async function readWorld(feeds: readonly string[], ...policies: readonly Policy[]): Promise<World> {
  if (feeds.length === 0 && !policies.some(asksForWorld)) return EMPTY_WORLD
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
  const { openWorld } = await import('@sallyport/catalog')
  return openWorld({ feeds: files })
}

function asksForWorld({ layers }: Policy): boolean {
  const terms = layers.flatMap(({ rules }) => rules.flatMap(({ to, exceptTo }) => [...(to ?? []), ...exceptTo]))
  return terms.some((term) => WORLDLY.some((key) => term[key] !== undefined))
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    throw fileError(path, error)
  }
}
