import { parse } from 'yaml'
import * as z from 'zod'
import { DETECTORS } from './detectors.ts'
import { exactDetector, parseExactSet } from './exact-set.ts'
import { patternDetector } from './pattern-detector.ts'
import type { TextDetector } from './text-detector.ts'

const count = z.int().min(1).max(1000).default(1)
const pattern = z.strictObject({
  pattern: z.string().min(1).max(2000),
  ignoreCase: z.boolean().default(false),
  near: z.array(z.string().min(1).max(100)).max(100).default([]),
  within: z.int().min(1).max(1000).default(80),
  count,
})
const exact = z.strictObject({ exact: z.string().min(1), count })
const File = z.strictObject({
  detectors: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), z.union([pattern, exact])),
})

const MOST_DETECTORS = 200

/** A file of detectors; `readSet` gives what stands in the file of a set. Throws with what is wrong, and where. */
export async function readDetectors(
  text: string,
  readSet: (path: string) => Promise<string>,
): Promise<readonly TextDetector[]> {
  const file = File.safeParse(parse(text, { maxAliasCount: 0 }))
  if (!file.success) throw new Error(z.prettifyError(file.error))
  const entries = Object.entries(file.data.detectors)
  if (entries.length > MOST_DETECTORS) throw new Error(`there are more than ${MOST_DETECTORS} detectors`)
  return Promise.all(
    entries.map(async ([name, options]) => {
      if ((DETECTORS as readonly string[]).includes(name)) throw new Error(`${name} is built in: choose another name`)
      if ('pattern' in options) {
        try {
          return patternDetector({ name, ...options })
        } catch (error) {
          throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
        }
      }
      const set = parseExactSet(await readSet(options.exact))
      if (set === null) throw new Error(`${name}: ${options.exact} is no set; write it with \`sallyport dlp hash\``)
      return exactDetector(name, set, options.count)
    }),
  )
}
