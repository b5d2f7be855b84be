import { ClickHouseError } from '@clickhouse/client'
import { SallyportError } from '@sallyport/policy'
import type { ServerAddress } from './server-address.ts'

/** What passes by itself: too many queries at once, a replica that is read-only for a while, Keeper away, too many parts. */
const PASSING = new Set(['202', '209', '210', '242', '252', '279', '319', '999'])
const BROKEN = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH)$/
/** Wrong password, unknown user, refused by its address, or not allowed to. */
const REFUSED = new Set(['192', '193', '194', '195', '497', '516'])

export function worthAnotherTry(error: unknown): boolean {
  if (error instanceof ClickHouseError) return PASSING.has(error.code)
  return error instanceof Error && 'code' in error && BROKEN.test(String(error.code))
}

/** Says where and what, never with which password. What holds for whatever is asked is `store-away`. */
export function serverError(error: unknown, { origin, user }: ServerAddress): SallyportError {
  if (error instanceof SallyportError) return error
  if (error instanceof ClickHouseError) {
    const refused = REFUSED.has(error.code)
    return new SallyportError(
      refused || PASSING.has(error.code) ? 'store-away' : 'store-unavailable',
      `the ClickHouse server ${origin} answered ${user} with ${error.type ?? 'an error'} (${error.code}): ${firstLine(error.message)}`,
      { cause: error, ...(refused ? { remedy: 'Check the user, its password and what it is allowed to do.' } : {}) },
    )
  }
  const said = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error)
  return new SallyportError('store-away', `the ClickHouse server ${origin} does not answer: ${firstLine(said)}`, {
    cause: error,
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 500)
}
