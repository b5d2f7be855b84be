/** A name in lower-case A-labels without the final dot (RFC 5890 §2.3.2.1). */
export type DomainName = string & { readonly brand: 'DomainName' }

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** `null` for anything that is not a name: an address in any spelling, an empty label, over 253 octets (RFC 1035 §2.3.4). */
export function parseDomainName(text: string): DomainName | null {
  const ascii = toAscii(text)
  if (ascii === null) return null
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
  if (name.length === 0 || name.length > 253) return null
  const labels = name.split('.')
  if (!labels.every((label) => LABEL.test(label))) return null
  // WHATWG URL §3.5: a name whose last label is a number is an IPv4 address or an error, never a name.
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) return null
  return name as DomainName
}

function toAscii(text: string): string | null {
  // eslint-disable-next-line no-control-regex
  if (/^[\x21-\x7e]+$/.test(text)) return text.toLowerCase()
  // A URL parser maps more than names (percent, userinfo, ports): only letters, marks, digits, dots and hyphens may reach it.
  if (!/^[\p{L}\p{M}\p{N}.\u3002\uff0e\uff61_-]+$/u.test(text)) return null
  try {
    return new URL(`http://${text}/`).hostname
  } catch {
    return null
  }
}

/** The name and the names above it, longest first: a.b.c, b.c, c. */
export function* suffixes(name: DomainName): Generator<DomainName> {
  let rest: string = name
  for (;;) {
    yield rest as DomainName
    const dot = rest.indexOf('.')
    if (dot < 0) return
    rest = rest.slice(dot + 1)
  }
}
