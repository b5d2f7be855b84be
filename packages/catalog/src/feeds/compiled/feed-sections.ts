import type { Prefix } from '@sallyport/net'
import { FEED_FORMATS, type DomainPatterns } from '@sallyport/policy'
import * as z from 'zod'
import type { Feed, FeedProblems, NamePatterns } from '../feed.ts'
import { packPatterns } from '../pack-patterns.ts'

const PREFIX_OCTETS = 17

/** What a compiled feed begins with; the sections follow in the order of this list. */
export type FeedHeader = Pick<Feed, 'format'> & {
  readonly problems: FeedProblems
  readonly prefixes: number
  /** Of each list of patterns: whether it is a hole, the query type that it is for, how many there are, their octets. */
  readonly lists: readonly {
    readonly isExcept: boolean
    readonly queryType: string | null
    readonly length: number
    readonly bytes: number
  }[]
}

const count: z.ZodType<number> = z.int().min(0)
export const headerSchema: z.ZodType<FeedHeader> = z.object({
  format: z.enum(FEED_FORMATS),
  problems: z.object({
    count,
    byReason: z.record(z.string(), count),
    shown: z.array(z.object({ line: count, reason: z.string(), text: z.string() })),
  }),
  prefixes: count,
  lists: z.array(z.object({ isExcept: z.boolean(), queryType: z.string().nullable(), length: count, bytes: count })),
})

/** A feed as a header and the octets of its sections. */
export function sectionsOf(feed: Feed): { readonly header: FeedHeader; readonly sections: readonly Uint8Array[] } {
  const lists = [
    { isExcept: false, queryType: null, patterns: feed.domains },
    { isExcept: true, queryType: null, patterns: feed.except },
    ...[...feed.byQueryType].flatMap(([queryType, { domains, except }]) => [
      { isExcept: false, queryType, patterns: domains },
      { isExcept: true, queryType, patterns: except },
    ]),
  ].map((list) => ({ ...list, octets: packPatterns(list.patterns) }))
  return {
    header: {
      format: feed.format,
      problems: feed.problems,
      prefixes: feed.prefixes.length,
      lists: lists.map(({ isExcept, queryType, patterns, octets }) => {
        return { isExcept, queryType, length: patterns.length, bytes: octets.length }
      }),
    },
    sections: [packPrefixes(feed.prefixes), ...lists.map(({ octets }) => octets)],
  }
}

/** The reverse: `patterns` are the lists of the header, in its order. */
export function feedOfSections(header: FeedHeader, prefixes: Uint8Array, patterns: readonly DomainPatterns[]): Feed {
  const byQueryType = new Map<string | null, { domains?: DomainPatterns; except?: DomainPatterns }>()
  for (const [at, { isExcept, queryType }] of header.lists.entries()) {
    byQueryType.set(queryType, { ...byQueryType.get(queryType), [isExcept ? 'except' : 'domains']: patterns[at]! })
  }
  const patternsFor = (type: string | null): NamePatterns => byQueryType.get(type) as NamePatterns
  const types = [...byQueryType.keys()].filter((type) => type !== null)
  return {
    format: header.format,
    problems: header.problems,
    prefixes: unpackPrefixes(prefixes),
    ...patternsFor(null),
    byQueryType: new Map(types.map((type) => [type, patternsFor(type)])),
  }
}

export function prefixBytes(count: number): number {
  return count * PREFIX_OCTETS
}

function packPrefixes(prefixes: readonly Prefix[]): Uint8Array {
  const octets = Buffer.alloc(prefixes.length * PREFIX_OCTETS)
  for (const [index, { address, length }] of prefixes.entries()) {
    const at = index * PREFIX_OCTETS
    for (const [word, value] of address.words.entries()) octets.writeUInt32BE(value, at + word * 4)
    octets[at + 16] = length
  }
  return octets
}

function unpackPrefixes(packed: Uint8Array): readonly Prefix[] {
  const octets = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  return Array.from({ length: octets.length / PREFIX_OCTETS }, (_, index) => {
    const at = index * PREFIX_OCTETS
    const word = (number: number): number => octets.readUInt32BE(at + number * 4)
    return { address: { words: [word(0), word(1), word(2), word(3)] }, length: octets[at + 16]! }
  })
}
