/** A part of a text with what stands around it; matches that begin within `from` and `to` are its own. */
export type TextWindow = { readonly text: string; readonly from: number; readonly to: number }

export const WINDOW: number = 2 ** 16
/** What a match may need before its beginning: words that say what it is. */
const BEFORE = 256
/** The longest match, and the words behind it. */
const BEHIND = 8192

/** The text in parts, each of which takes milliseconds: nobody else is served meanwhile. Every match is within one part, whole. */
export function* textWindows(text: string, size: number = WINDOW): Generator<TextWindow> {
  for (let start = 0; start < text.length; start += size) {
    const before = Math.min(start, BEFORE)
    const end = Math.min(start + size, text.length)
    yield { text: text.slice(start - before, end + BEHIND), from: before, to: before + end - start }
  }
}
