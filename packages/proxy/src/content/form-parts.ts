import { packedFile } from './packed-file.ts'

// Some readers of forms take lines that end with LF alone.
const BLANK_LINE = /\r\n\r\n|\n\n/g
const LONGEST_BOUNDARY = 250

/** Packed files among the parts of a form (RFC 7578), from the empty line that ends their fields to the boundary that began the part. */
export function* packedParts(text: string): Generator<string> {
  for (const { 0: blank, index } of text.matchAll(BLANK_LINE)) {
    const start = index + blank.length
    if (packedFile(text, start) === null) continue
    const boundary = boundaryBefore(text, index)
    const end = boundary === null ? -1 : text.indexOf(`\n${boundary}`, start)
    yield text.slice(start, end < 0 ? text.length : text[end - 1] === '\r' ? end - 1 : end)
  }
}

function boundaryBefore(text: string, at: number): string | null {
  const line = text.lastIndexOf('\n--', at)
  if (line < 0 && !text.startsWith('--')) return null
  const boundary = text.slice(line + 1, text.indexOf('\n', line + 1)).replace(/\r$/, '')
  return boundary.length <= LONGEST_BOUNDARY ? boundary : null
}
