import { fieldValues, type Field, type Framing } from '@sallyport/wire'
import { passedFields } from '../http/forward-fields.ts'

/** Fields of a message as HTTP/2 has them: names in lower case, none of a connection, the length where it is known. */
export function http2Fields(fields: readonly Field[], framing: Framing, isLengthShown: boolean): string[] {
  const section = passedFields(fields).flatMap(({ name, value }) => (name === 'host' ? [] : [name, value]))
  if (framing.kind === 'length') section.push('content-length', String(framing.octets))
  else if (isLengthShown)
    section.push(...fieldValues(fields, 'content-length').flatMap((value) => ['content-length', value]))
  return section
}
