export type Line =
  { readonly number: number; readonly text: string } | { readonly number: number; readonly tooLong: number }

const NEWLINE = 0x0a

/**
 * Lines of a byte stream of any length. A line above `maxBytes` is reported and passed over without being held in
 * memory; blank lines carry no flow and are left out.
 */
export async function* readLines(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let number = 1
  let pending: Uint8Array[] = []
  let size = 0
  const finish = (): Line | null => {
    const line = size > maxBytes ? { number, tooLong: size } : { number, text: Buffer.concat(pending).toString('utf8') }
    pending = []
    size = 0
    number++
    return 'text' in line && line.text.trim() === '' ? null : line
  }
  const hold = (part: Uint8Array): void => {
    size += part.length
    if (size <= maxBytes) pending.push(part)
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
