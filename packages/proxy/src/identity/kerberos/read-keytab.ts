/** Whose key an entry is. */
export type KeytabEntry = { readonly service: string; readonly realm: string }

/** Principals of a keytab, in MIT's format of version 2; null when it is none. Of the keys nothing is read. */
export function readKeytab(bytes: Uint8Array): readonly KeytabEntry[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 2 || view.getUint16(0) !== 0x0502) return null
  const entries: KeytabEntry[] = []
  for (let at = 2; at + 4 <= bytes.length;) {
    const size = view.getInt32(at)
    at += 4
    // A negative size is that of a hole where an entry was.
    const next = at + Math.abs(size)
    if (size === 0 || next > bytes.length) return size === 0 ? entries : null
    const entry = size < 0 ? null : readPrincipal(bytes.subarray(at, next))
    if (size > 0 && entry === null) return null
    if (entry !== null) entries.push(entry)
    at = next
  }
  return entries
}

function readPrincipal(bytes: Uint8Array): KeytabEntry | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const texts: string[] = []
  if (bytes.length < 2) return null
  const count = view.getUint16(0)
  let at = 2
  while (texts.length <= count) {
    if (at + 2 > bytes.length) return null
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) return null
    texts.push(Buffer.from(bytes.subarray(at + 2, end)).toString('utf8'))
    at = end
  }
  const [realm, ...parts] = texts
  return { service: parts.join('/'), realm: realm! }
}
