import { networkNames, openGeography } from '@sallyport/catalog'

/** The names of these autonomous systems, where one is known. */
export type NetworkNames = (wanted: ReadonlySet<number>) => ReadonlyMap<number, string>

const MAX_REMEMBERED = 100_000

/** Each name is looked for once: the files are long, and the same networks are asked for again and again. */
export function rememberedNetworkNames(): NetworkNames {
  const [, { files }] = openGeography().sources()
  const known = new Map<number, string>()
  return (wanted) => {
    const unknown = new Set([...wanted].filter((asn) => !known.has(asn)))
    if (unknown.size === 0) return known
    if (known.size > MAX_REMEMBERED) known.clear()
    const found = networkNames(files, unknown)
    for (const asn of unknown) known.set(asn, found.get(asn) ?? '')
    return known
  }
}
