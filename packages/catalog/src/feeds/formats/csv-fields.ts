/** Fields of one row (RFC 4180 §2); `null` when a quotation mark is open at its end. */
export function csvFields(text: string, delimiter: string): readonly string[] | null {
  const fields: string[] = []
  for (let at = 0; at <= text.length;) {
    const quote = /^[ \t]*"/.exec(text.slice(at, at + 64))
    if (quote === null || delimiter === ' ') {
      const end = text.indexOf(delimiter, at)
      fields.push(text.slice(at, end < 0 ? text.length : end))
      if (end < 0) return fields
      at = end + 1
      continue
    }
    const start = at + quote[0].length
    let end = text.indexOf('"', start)
    while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
    if (end < 0) return null
    fields.push(text.slice(start, end).replaceAll('""', '"'))
    const next = text.indexOf(delimiter, end)
    if (next < 0) return fields
    at = next + 1
  }
  return fields
}
