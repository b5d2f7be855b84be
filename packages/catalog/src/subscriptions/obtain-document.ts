import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { FETCH_BOUNDS, fetchDocument, type FetchBounds, type Fetched, type Validators } from './fetch-document.ts'
import type { Subscription } from './subscription.ts'
import { verifyMinisign } from './verify-minisign.ts'

const MAX_SIGNATURE_BYTES = 4096

type ObtainOptions = {
  readonly bounds?: FetchBounds | undefined
  readonly signal?: AbortSignal | undefined
  /** What the server said of the copy that is there. */
  readonly validators?: Validators | undefined
}

/** The document of a subscription, from its server or file, as large as it may be and as it was signed. */
export async function obtainDocument({ source }: Subscription, options: ObtainOptions): Promise<Fetched> {
  const { url, file, sha256, minisign } = source
  const location = url ?? file
  if (location === undefined) return { kind: 'failed', reason: 'no source' }
  const isUrl = url !== undefined
  const found = isUrl ? await fetchDocument(location, options) : await readDocument(location, options.bounds)
  if (found.kind !== 'document') return found
  if (sha256 !== undefined && createHash('sha256').update(found.bytes).digest('hex') !== sha256.toLowerCase()) {
    return { kind: 'failed', reason: 'its sha256 is not the one of the policy' }
  }
  if (minisign === undefined) return found
  const bounds = { ...(options.bounds ?? FETCH_BOUNDS), maxBytes: MAX_SIGNATURE_BYTES }
  const beside = `${location}.minisig`
  const signature = isUrl
    ? await fetchDocument(beside, { ...options, validators: undefined, bounds })
    : await readDocument(beside, bounds)
  if (signature.kind !== 'document') return { kind: 'failed', reason: `the signature: ${reasonOf(signature)}` }
  const wrong = verifyMinisign(found.bytes, Buffer.from(signature.bytes).toString('utf8'), minisign)
  return wrong === null ? found : { kind: 'failed', reason: wrong }
}

function reasonOf(fetched: Fetched): string {
  return fetched.kind === 'failed' ? fetched.reason : 'is missing'
}

async function readDocument(path: string, bounds: FetchBounds = FETCH_BOUNDS): Promise<Fetched> {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) return { kind: 'failed', reason: `${path} is not a file` }
    if (facts.size > bounds.maxBytes) return { kind: 'failed', reason: `more than ${bounds.maxBytes / 2 ** 20} MiB` }
    return { kind: 'document', bytes: await readFile(path), validators: { etag: null, lastModified: null } }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === '') throw error
    return { kind: 'failed', reason: code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code})` }
  }
}
