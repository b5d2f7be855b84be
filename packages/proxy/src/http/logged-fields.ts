import { fieldValues, type RequestHead } from '@sallyport/wire'

/** What the access log has of a request's fields; credentials and queries are not among it. */
export function loggedFields(head: RequestHead): {
  readonly userAgent: string | null
  readonly referer: string | null
  readonly contentType: string | null
} {
  return {
    userAgent: loggedField(head, 'user-agent'),
    referer: loggedField(head, 'referer')?.split('?', 1)[0] ?? null,
    contentType: loggedField(head, 'content-type'),
  }
}

/** The first of its lines, cut where it is too long to keep. */
export function loggedField({ fields }: RequestHead, name: string): string | null {
  return fieldValues(fields, name)[0]?.slice(0, 512) ?? null
}
