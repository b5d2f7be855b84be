const MAX_BYTES = 2 ** 20
const NO_BODY = [101, 204, 205, 304]

/** What a provider answers is keys, metadata and tokens: a megabyte is more than enough. */
export async function boundedFetch(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options)
  const { status, headers } = response
  if (response.body === null || NO_BODY.includes(status)) return new Response(null, { status, headers })
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body) {
    bytes += piece.length
    if (bytes > MAX_BYTES) throw new RangeError(`${new URL(url).host} answers more than ${MAX_BYTES} bytes`)
    pieces.push(piece)
  }
  return new Response(Buffer.concat(pieces), { status, headers })
}
