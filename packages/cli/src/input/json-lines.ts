export type Line =
  { readonly number: number; readonly text: string } | { readonly number: number; readonly problem: string }

const NEWLINE = 0x0a
const MAX_LINE_BYTES = 2 ** 20

/**
 * Lines of a byte stream of any length. One that is too long is a problem, and is not held in memory; blank lines carry no
 * flow and are left out.
 */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1
  let pending: Uint8Array[] = []
  let size = 0
  const finish = (): Line | null => {
    const line =
      size > MAX_LINE_BYTES
        ? { number, problem: `the line has ${size} bytes, more than ${MAX_LINE_BYTES}` }
        : { number, text: Buffer.concat(pending).toString('utf8') }
    pending = []
    size = 0
    number++
    return 'text' in line && line.text.trim() === '' ? null : line
  }
  const hold = (part: Uint8Array): void => {
    size += part.length
    if (size <= MAX_LINE_BYTES) pending.push(part)
    else pending = []
  }
  for await (const chunk of input) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, end))
      start = end + 1
      const line = finish()
      if (line !== null) yield line
    }
    hold(chunk.subarray(start))
  }
  const last = size > 0 ? finish() : null
  if (last !== null) yield last
}
