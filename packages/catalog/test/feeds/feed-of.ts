import assert from 'node:assert/strict'
import { formatDomainPattern, formatPrefix, parseAddress, parseDomainName, prefixContains } from '@sallyport/net'
import { setHoldsName, type DomainPatterns } from '@sallyport/policy'
import { parseFeed, type Feed, type FeedChoice } from '../../src/index.ts'

export const NOW: number = Date.parse('2026-11-25T00:00:00Z')

/** The feed of a text, which must be one. */
export function feedOf(text: string | Uint8Array, choice: FeedChoice = {}): Feed {
  const feed = parseFeed(typeof text === 'string' ? Buffer.from(text) : text, choice, NOW)
  assert.ok(!('invalid' in feed), 'invalid' in feed ? feed.invalid : '')
  return feed
}

export function invalidOf(text: string | Uint8Array, choice: FeedChoice = {}): string {
  const feed = parseFeed(typeof text === 'string' ? Buffer.from(text) : text, choice, NOW)
  return 'invalid' in feed ? feed.invalid : assert.fail('a feed')
}

export const patterns = ({ domains }: Feed): readonly string[] => [...domains].map(formatDomainPattern)
export const exceptions = ({ except }: Feed): readonly string[] => [...except].map(formatDomainPattern)
export const prefixes = ({ prefixes: all }: Feed): readonly string[] => all.map(formatPrefix)
export const lines = ({ problems }: Feed): readonly number[] => problems.shown.map(({ line }) => line)

export function holds(feed: Feed, text: string): boolean {
  const address = parseAddress(text)
  if (address !== null) return feed.prefixes.some((prefix) => prefixContains(prefix, address))
  return setHoldsName(feed, parseDomainName(text)!)
}

const texts = (all: DomainPatterns): readonly string[] => [...all].map(formatDomainPattern)

/** All that a feed says, however it is kept. */
export function said({ format, domains, except, prefixes: all, byQueryType, problems }: Feed): object {
  const types = [...byQueryType].map(([type, each]) => [type, texts(each.domains), texts(each.except)])
  return {
    format,
    domains: texts(domains),
    except: texts(except),
    count: domains.length,
    prefixes: all.map(formatPrefix),
    types,
    problems,
  }
}
