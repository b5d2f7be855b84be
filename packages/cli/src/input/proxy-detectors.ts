import { dirname, resolve } from 'node:path'
import { DETECTORS, readDetectors, type TextDetector } from '@sallyport/proxy'
import { SallyportError, type Policy } from '@sallyport/policy'
import { readTextFile } from './read-text-file.ts'

const MOST_BYTES = 2 ** 20
const MOST_SET_BYTES = 64 * 2 ** 20

/** Detectors of one's own, and whether every name that the policy uses is one of theirs or built in. */
export async function readProxyDetectors(path: string | undefined, policy: Policy): Promise<readonly TextDetector[]> {
  const own = path === undefined ? [] : await readFileOf(path)
  const known = new Set<string>([...DETECTORS, ...own.map(({ name }) => name)])
  const rules = policy.layers.flatMap((layer) => layer.rules)
  const unknown = rules.flatMap(({ content }) => content ?? []).find((name) => !known.has(name))
  if (unknown === undefined) return own
  // A misspelt one would never fire.
  throw new SallyportError('name-unknown', `no detector "${unknown}"`, {
    remedy: `Detectors: ${[...known].join(', ')}.`,
  })
}

async function readFileOf(path: string): Promise<readonly TextDetector[]> {
  const text = await readTextFile(path, MOST_BYTES)
  const readSet = (set: string): Promise<string> => readTextFile(resolve(dirname(path), set), MOST_SET_BYTES)
  return readDetectors(text, readSet).catch((error: Error) => {
    if (error instanceof SallyportError) throw error
    throw new SallyportError('detectors-invalid', `${path}: ${error.message}`, { cause: error })
  })
}
