import * as z from 'zod'
import { DNS_ERRORS, DNS_STRATEGIES, TUNNEL_ACTIONS } from '../dns-settings.ts'
import { closed, oneOrMany } from './closed.ts'
import type { DnsInput } from './input.ts'

const text: z.ZodString = z.string().min(1)

export const DnsSchema: z.ZodType<DnsInput> = closed('dns', {
  refusal: oneOrMany(text).optional().describe('refused, nxdomain, nodata, zero, or addresses of a page of your own.'),
  errorCodes: z.record(z.string(), z.enum(DNS_ERRORS)).optional().describe('Extended DNS Error by rule id.'),
  types: oneOrMany(text).optional().describe('Record types that are answered: A, AAAA, HTTPS, TYPE65…'),
  privateNames: oneOrMany(text).optional().describe('Domains whose answers may be private addresses.'),
  canaries: z.boolean().optional().describe('Ask browsers to leave off resolvers of their own; true unless said otherwise.'),
  validate: z.boolean().optional().describe('Check signatures (DNSSEC), and refuse what is bogus.'),
  stale: z.boolean().optional().describe('Answer past the time of an answer when no upstream can be reached.'),
  clients: oneOrMany(text).optional().describe('Prefixes that may ask.'),
  clientRate: z.number().min(1).max(1_000_000).optional().describe('Queries a second of one client.'),
  upstreams: oneOrMany(text).optional().describe('Servers to ask: 192.0.2.53, tls://192.0.2.53#dns.example, https://…'),
  strategy: z.enum(DNS_STRATEGIES).optional(),
  routes: z.record(z.string(), oneOrMany(text)).optional().describe('Servers for a domain and all names below it.'),
  addressFloor: text.optional().describe('The least time for which an address of an answer stays open: 5min unless given.'),
  addressGrace: text.optional().describe('How long an address stays open past its time: 0s unless given.'),
  tunnels: z.enum(TUNNEL_ACTIONS).optional().describe('What becomes of names that look like those of a tunnel.'),
  tunnelsExcept: oneOrMany(text).optional().describe('Domains whose names carry data on purpose.'),
  newlySeen: text.optional().describe('How long a domain counts as newly seen: 7d unless given.'),
})
