/**
 * The path as rules compare it: without query, escapes of unreserved characters and dot segments (RFC 3986 §6.2.2), so that
 * another spelling of a path is judged as the path it means. Null when an escape is none.
 */
export function judgedPath(path: string): string | null {
  const plain = path.split('?', 1)[0]!
  if (/%(?![0-9A-Fa-f]{2})/.test(plain)) return null
  return withoutDots(unescaped(plain, /[A-Za-z0-9\-._~]/))
}

// What servers take for a slash, or leave out of a segment: nginx merges slashes and unescapes them, Windows has two kinds, Java's
// servers cut parameters off before they look for dots.
const AMBIGUOUS = /\/\/|\\|%2f|%5c|;|%3b/i

/** The path as those servers read it; null where that is no other than {@link judgedPath}. */
export function otherPath(path: string): string | null {
  const plain = path.split('?', 1)[0]!
  if (!AMBIGUOUS.test(plain)) return null
  const read = unescaped(plain, /[A-Za-z0-9\-._~/\\;]/)
    .replace(/\\/g, '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/')
  const other = withoutDots(read)
  return other === judgedPath(path) ? null : other
}

function unescaped(path: string, characters: RegExp): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return characters.test(character) ? character : whole.toUpperCase()
  })
}

function withoutDots(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  if (/\/\.{1,2}$/.test(path)) kept.push('')
  return `/${kept.join('/')}`
}
