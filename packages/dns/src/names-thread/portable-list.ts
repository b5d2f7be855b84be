import { readSync } from 'node:fs'
import { packPatterns } from '@sallyport/catalog/threads'
import type { HashSeed, NameList } from '@sallyport/compile'
import type { DomainPatterns, PackedPatterns, StoredOctets } from '@sallyport/policy'

export type NamesQuestion = { readonly lists: readonly PortableList[]; readonly seed: HashSeed }

/** A list of names as a message between threads. Descriptors are those of the process. */
type PortableList = {
  readonly atom: number
  readonly patterns: PortablePatterns
  readonly except: PortablePatterns | null
}

type PortablePatterns = {
  readonly length: number
  readonly octets: { readonly stored: StoredOctets } | { readonly packed: Uint8Array }
}

export function portableList({ atom, patterns, except }: NameList): PortableList {
  return { atom, patterns: portable(patterns), except: except === undefined ? null : portable(except) }
}

/** The list as who got the message builds a table of it. */
export function listOfPortable({ atom, patterns, except }: PortableList): NameList {
  return { atom, patterns: packedPatterns(patterns), ...(except === null ? {} : { except: packedPatterns(except) }) }
}

function portable(patterns: DomainPatterns | PackedPatterns): PortablePatterns {
  const { length } = patterns
  const stored = 'stored' in patterns ? patterns.stored : undefined
  if (stored !== undefined) return { length, octets: { stored } }
  const packed = Symbol.iterator in patterns ? packPatterns(patterns) : patterns.packed()
  // Octets of their own: a message carries all of the memory that they are a part of.
  return { length, octets: { packed: new Uint8Array(packed) } }
}

function packedPatterns({ length, octets }: PortablePatterns): PackedPatterns {
  return { length, packed: () => ('packed' in octets ? octets.packed : readStored(octets.stored)) }
}

/** Throws when the file is shorter. */
function readStored({ fd, offset, bytes }: StoredOctets): Uint8Array {
  const octets = new Uint8Array(bytes)
  for (let at = 0; at < bytes;) {
    const count = readSync(fd, octets, at, bytes - at, offset + at)
    if (count === 0) throw new Error('a compiled feed is shorter than it was')
    at += count
  }
  return octets
}
