export type FetchBounds = {
  /** Of the document as it comes, packed if it is. */
  readonly maxBytes: number
  /** From the first connection to the last octet. */
  readonly timeoutMs: number
  readonly maxRedirects: number
}

export const FETCH_BOUNDS: FetchBounds = { maxBytes: 128 * 2 ** 20, timeoutMs: 120_000, maxRedirects: 5 }

/** What a server says about the version of a document, to be asked about it again. */
export type Validators = { readonly etag: string | null; readonly lastModified: string | null }

export type Fetched =
  | { readonly kind: 'document'; readonly bytes: Uint8Array; readonly validators: Validators }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly reason: string }

type FetchRequest = {
  readonly validators?: Validators | undefined
  readonly bounds?: FetchBounds | undefined
  readonly signal?: AbortSignal | undefined
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** Fetches within bounds; whatever goes wrong with the other side is a reason, not an exception. */
export async function fetchDocument(address: string, request: FetchRequest = {}): Promise<Fetched> {
  const bounds = request.bounds ?? FETCH_BOUNDS
  const timeout = AbortSignal.timeout(bounds.timeoutMs)
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
  try {
    return await follow(address, request.validators, bounds, signal)
  } catch (error) {
    if (request.signal?.aborted === true) throw error
    if (timeout.aborted) return failed(`no complete answer within ${bounds.timeoutMs / 1000} s`)
    return failed(describe(error))
  }
}

async function follow(
  address: string,
  validators: Validators | undefined,
  bounds: FetchBounds,
  signal: AbortSignal,
): Promise<Fetched> {
  let url = address
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: headersOf(validators) })
    const next = response.headers.get('location')
    if (!REDIRECTS.includes(response.status) || next === null) return await received(response, bounds)
    await response.body?.cancel()
    if (redirects === bounds.maxRedirects) return failed(`more than ${bounds.maxRedirects} redirects`)
    const target = URL.canParse(next, url) ? new URL(next, url) : null
    if (target === null || !/^https?:$/.test(target.protocol)) return failed('a redirect to something else than HTTP')
    if (url.startsWith('https:') && target.protocol !== 'https:') return failed('a redirect from HTTPS to HTTP')
    url = target.href
  }
}

function headersOf(validators: Validators | undefined): Record<string, string> {
  return {
    'user-agent': 'sallyport',
    accept: 'text/plain, application/json, */*;q=0.8',
    ...(validators?.etag && { 'if-none-match': validators.etag }),
    ...(validators?.lastModified && { 'if-modified-since': validators.lastModified }),
  }
}

async function received(response: Response, { maxBytes }: FetchBounds): Promise<Fetched> {
  if (response.status === 304) return { kind: 'unchanged' }
  if (response.status !== 200) {
    await response.body?.cancel()
    return failed(`status ${response.status}`)
  }
  // What the server packs for the transfer alone is unpacked on the way, so the bound holds for what comes out.
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length
    if (size > maxBytes) return failed(`more than ${Math.floor(maxBytes / 2 ** 20)} MiB`)
    chunks.push(chunk as Uint8Array)
  }
  const { headers } = response
  const validators = { etag: headers.get('etag'), lastModified: headers.get('last-modified') }
  return { kind: 'document', bytes: Buffer.concat(chunks), validators }
}

function failed(reason: string): Fetched {
  return { kind: 'failed', reason }
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  return `cannot be fetched: ${(code === '' || message.includes(code) ? message : `${code} ${message}`).slice(0, 200)}`
}
