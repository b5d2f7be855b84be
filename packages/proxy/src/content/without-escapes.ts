import { WINDOW } from './text-windows.ts'

/** As long as an escape is. */
const ESCAPE = 6
/** Backslashes without end have no place between them to cut at. */
const MOST_MOVED = 1000

/** The text with what escapes of URLs, of JSON and of XML stand for, in parts: each is short work. */
export function* withoutEscapes(text: string, size: number = WINDOW): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = start + size
    for (let moved = 0; moved < MOST_MOVED && /[%\\&]/.test(text.slice(end - ESCAPE, end)); moved++) end++
    yield plainPart(text.slice(start, end))
    start = end
  }
}

function plainPart(text: string): string {
  const octet = (digits: string, base: number): string => String.fromCharCode(Number.parseInt(digits, base) & 255)
  let plain = text
  if (plain.includes('%')) plain = plain.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => octet(digits, 16))
  if (plain.includes('&#')) {
    plain = plain.replace(/&#(?:x([0-9A-Fa-f]{2})|(\d{2,3}));/g, (_, hex?: string, decimal?: string) =>
      hex === undefined ? octet(decimal!, 10) : octet(hex, 16),
    )
  }
  if (!plain.includes('\\')) return plain
  return plain
    .replace(/\\u00([0-9A-Fa-f]{2})/g, (_, digits: string) => octet(digits, 16))
    .replace(/\\n/g, '\n')
    .replace(/\\\//g, '/')
}
