/** How a list is written; docs/reference/feeds.md describes each. */
export const FEED_FORMATS = [
  'domains',
  'hosts',
  'wildcard',
  'adblock',
  'dnsmasq',
  'unbound',
  'rpz',
  'addresses',
  'csv',
  'stix',
  'misp',
  'misp-warninglist',
] as const
export type FeedFormat = (typeof FEED_FORMATS)[number]

/** Which entries of a list are used; all when nothing is said. */
export const FEED_KINDS = ['domains', 'addresses'] as const
export type FeedKind = (typeof FEED_KINDS)[number]
