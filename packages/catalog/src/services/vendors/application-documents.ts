import * as z from 'zod'
import { json, list, text, type ReadVendor } from './read-vendor.ts'
import { slug } from './vendor-services.ts'

/** What is only sent from is no destination. */
export const atlassian: ReadVendor = json(
  z.object({ items: z.array(z.object({ cidr: text, direction: list.optional(), product: list.optional() })) }),
  ({ items }, into) => {
    for (const { cidr, direction, product = [] } of items) {
      if (direction !== undefined && !direction.includes('ingress')) continue
      const parts = product.map((name) => `atlassian:${slug(name)}`)
      into.add(['atlassian', ...parts], { prefixes: [cidr], ports: ['tcp/443'] })
      if (product.some((name) => slug(name) === 'bitbucket')) {
        into.add(['bitbucket'], { prefixes: [cidr], ports: ['tcp/443', 'tcp/22'] })
      }
    }
  },
)

/** By cell: `us_cell_1`. */
export const okta: ReadVendor = json(z.record(text, z.object({ ip_ranges: list })), (cells, into) => {
  for (const [cell, { ip_ranges }] of Object.entries(cells)) {
    into.add(['okta', `okta:${slug(cell)}`], { prefixes: ip_ranges, ports: ['tcp/443'] })
  }
})

/** Webhooks and synthetic tests come from Datadog; nothing goes to them. */
const DATADOG_SOURCES: readonly string[] = ['webhooks', 'synthetics', 'synthetics-private-locations']

export const datadog: ReadVendor = json(
  z.record(
    text,
    z.union([z.number(), text, z.object({ prefixes_ipv4: list.optional(), prefixes_ipv6: list.optional() })]),
  ),
  (sections, into) => {
    for (const [section, ranges] of Object.entries(sections)) {
      if (typeof ranges !== 'object' || DATADOG_SOURCES.includes(section)) continue
      const prefixes = [...(ranges.prefixes_ipv4 ?? []), ...(ranges.prefixes_ipv6 ?? [])]
      into.add(['datadog', `datadog:${slug(section)}`], { prefixes, ports: ['tcp/443'] })
    }
  },
)

export const stripe: ReadVendor = json(z.object({ API: list }), ({ API }, into) => {
  into.add(['stripe'], { prefixes: API, ports: ['tcp/443'] })
})

/** What a content network answers on. */
const WEB = ['tcp/80', 'tcp/443', 'udp/443']

export const fastly: ReadVendor = json(
  z.object({ addresses: list.optional(), ipv6_addresses: list.optional() }),
  ({ addresses, ipv6_addresses }, into) => {
    into.add(['fastly-network'], { prefixes: [...(addresses ?? []), ...(ipv6_addresses ?? [])], ports: WEB })
  },
)

export const cloudflare: ReadVendor = json(
  z.object({ result: z.object({ ipv4_cidrs: list.optional(), ipv6_cidrs: list.optional() }) }),
  ({ result: { ipv4_cidrs, ipv6_cidrs } }, into) => {
    into.add(['cloudflare-network'], { prefixes: [...(ipv4_cidrs ?? []), ...(ipv6_cidrs ?? [])], ports: WEB })
  },
)
