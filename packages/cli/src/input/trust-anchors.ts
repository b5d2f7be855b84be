import { parseTrustAnchors, ROOT_ANCHORS, type TrustAnchor } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'
import { readTextFile } from './read-text-file.ts'

const MOST_BYTES = 1 << 20

/** What signatures are checked from; `null` when they are not. A file switches the check on. */
export async function trustAnchors(
  file: string | undefined,
  validate: boolean,
): Promise<readonly TrustAnchor[] | null> {
  if (file === undefined) return validate ? ROOT_ANCHORS : null
  const anchors = parseTrustAnchors(await readTextFile(file, MOST_BYTES))
  if (!('problem' in anchors) && anchors.length > 0) return anchors
  const where = 'problem' in anchors ? `${file}:${anchors.line}: ${anchors.problem}` : `${file} has no trust anchor`
  throw new SallyportError('anchor-invalid', where)
}
