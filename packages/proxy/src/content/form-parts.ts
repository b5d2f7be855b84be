import { packedFile } from './packed-file.ts'

/** An empty line, which some readers of forms take that ends with LF alone, before the first octets of a packed file. */
// oxlint-disable-next-line no-control-regex
const BEFORE_PACKED = /(?:\r\n\r\n|\n\n)(?=PK\x03|\x1f\x8b|\x28\xb5|7z\xbc|Rar!|\xfd7z|\x04\x22|MSCF|BZh)/g
const TAR = 'ustar'
const TAR_AT = 257
const LONGEST_BOUNDARY = 250

/** Packed files among the parts of a form (RFC 7578), from the empty line that ends their fields to the boundary that began the part. */
export function* packedParts(text: string): Generator<string> {
  for (const start of startsOfPacked(text)) {
    if (packedFile(text, start) === null) continue
    const boundary = boundaryBefore(text, start)
    const end = boundary === null ? -1 : text.indexOf(`\n${boundary}`, start)
    yield text.slice(start, end < 0 ? text.length : text[end - 1] === '\r' ? end - 1 : end)
  }
}

function* startsOfPacked(text: string): Generator<number> {
  for (const { 0: blank, index } of text.matchAll(BEFORE_PACKED)) yield index + blank.length
  for (let at = text.indexOf(TAR); at >= 0; at = text.indexOf(TAR, at + 1)) {
    const start = at - TAR_AT
    if (start > 1 && (text.startsWith('\n\n', start - 2) || text.startsWith('\n\r\n', start - 3))) yield start
  }
}

function boundaryBefore(text: string, at: number): string | null {
  const line = text.lastIndexOf('\n--', at)
  if (line < 0 && !text.startsWith('--')) return null
  const boundary = text.slice(line + 1, text.indexOf('\n', line + 1)).replace(/\r$/, '')
  return boundary.length <= LONGEST_BOUNDARY ? boundary : null
}
