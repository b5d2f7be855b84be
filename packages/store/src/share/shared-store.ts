import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { deserialize, serialize } from 'node:v8'
import { SallyportError } from '@sallyport/policy'
import { CODED, SHARED, type CodedFailure, type FlowQueries, type SharedCall } from './serve-store.ts'

/** A question that costs nothing. */
const FAR_FUTURE_MS = 4_000_000_000_000

/** The store that another process of this user has open; null when nobody shares it there. */
export async function openShared(socketPath: string): Promise<FlowQueries | null> {
  const call = async (method: SharedCall['method'], args: readonly unknown[]): Promise<unknown> => {
    const asked = request({ socketPath, path: '/', method: 'POST' })
    asked.end(serialize({ method, args } satisfies SharedCall))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (response.statusCode === 200) return deserialize(body)
    if (response.statusCode === CODED) {
      const { code, message, remedy } = deserialize(body) as CodedFailure
      throw new SallyportError(code, message, { remedy })
    }
    throw new SallyportError(
      'store-unavailable',
      `the store that is shared on ${socketPath} refused: ${body.toString()}`,
    )
  }
  const shared = Object.fromEntries(
    SHARED.map((method) => [method, (...args: readonly unknown[]) => call(method, args)]),
  ) as unknown as FlowQueries
  try {
    await shared.drops(FAR_FUTURE_MS)
    return shared
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ENOENT|ECONNREFUSED|EACCES)$/.test(String(error.code)))
      return null
    throw error
  }
}
