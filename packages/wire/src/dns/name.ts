import { parseDomainName, type DomainName } from '@sallyport/net'

/**
 * A name as it is on the wire: one character an octet (U+0000 to U+00FF), case kept, the root label left out.
 * Case is kept because an answer must repeat the spelling of the question.
 */
export type WireName = { readonly labels: readonly string[] }

export const ROOT: WireName = { labels: [] }

/** The name as a host name, or `null` when it is none. */
export function hostName(name: WireName): DomainName | null {
  // A dot inside a label would make one label look like two.
  if (name.labels.some((label) => !/^[\w-]+$/.test(label))) return null
  return parseDomainName(name.labels.join('.'))
}

/**
 * The lower-case text of any name; octets that no host name has are written \DDD (RFC 1035 §5.1). The dot is written so
 * too, never as `\.`: otherwise the label `evil.example` under `com` would end in the text `.example.com`.
 */
export function presentName(name: WireName): string {
  if (name.labels.length === 0) return '.'
  return name.labels.map(presentLabel).join('.')
}

function presentLabel(label: string): string {
  return lowerCase(label).replace(/[^a-z0-9_-]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`)
}

/** RFC 4343 §3: only the ASCII letters fold; `toLowerCase` would also fold octets above 127. */
function lowerCase(label: string): string {
  return label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

export function sameName(a: WireName, b: WireName): boolean {
  return a.labels.length === b.labels.length && presentName(a) === presentName(b)
}

/** Same name in the same spelling. */
export function sameSpelling(a: WireName, b: WireName): boolean {
  return a.labels.length === b.labels.length && a.labels.every((label, index) => label === b.labels[index])
}

/** From the text that `presentName` writes, case kept; `null` when a label or the name is empty or too long. */
export function wireName(text: string): WireName | null {
  if (text === '.') return ROOT
  const labels = text
    .replace(/\.$/, '')
    .split('.')
    .map((label) => label.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code) & 255)))
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1)
  const valid = labels.every((label) => label.length > 0 && label.length < 64 && /^[\0-\xff]*$/.test(label))
  return valid && length <= 255 ? { labels } : null
}
