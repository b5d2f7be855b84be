/**
 * Registrable names whose owners answer questions by DNS: is this file, address or site known to be bad? Their names carry data on
 * purpose, hashes and reversed addresses, and look like those of a tunnel. Each name is from its owner's own documentation.
 */
export const LOOK_UP_ZONES: ReadonlySet<string> = new Set([
  'abuse.ch',
  'abuseat.org',
  'barracudacentral.org',
  'cymru.com',
  'dnswl.org',
  'e5.sk',
  'mailspike.net',
  'mcafee.com',
  'senderscore.com',
  'sophosxl.net',
  'spamcop.net',
  'spamhaus.net',
  'spamhaus.org',
  'surbl.org',
  'trellix.com',
  'uribl.com',
])
