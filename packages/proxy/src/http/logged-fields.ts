import { fieldValues, type RequestHead } from '@sallyport/wire'

/** What the access log has of a request's fields; credentials and queries are not among it. */
export function loggedFields(head: RequestHead): {
  readonly userAgent: string | null
  readonly referer: string | null
  readonly contentType: string | null
} {
  const first = (name: string): string | null => fieldValues(head.fields, name)[0]?.slice(0, 512) ?? null
  return {
    userAgent: first('user-agent'),
    referer: first('referer')?.split('?', 1)[0] ?? null,
    contentType: first('content-type'),
  }
}
