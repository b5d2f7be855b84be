import * as z from 'zod'
import { json, list, text, type ReadVendor } from './read-vendor.ts'
import { slug } from './vendor-services.ts'

/** Without the sets that only optional features need. */
const REQUIRED = 'microsoft-365:required'

export const microsoft: ReadVendor = json(
  z.array(
    z.object({
      serviceArea: text,
      urls: list.optional(),
      ips: list.optional(),
      tcpPorts: text.optional(),
      udpPorts: text.optional(),
      required: z.boolean().optional(),
    }),
  ),
  (sets, into) => {
    for (const { serviceArea, urls, ips, tcpPorts, udpPorts, required } of sets) {
      const ports = [...portsOf('tcp', tcpPorts), ...portsOf('udp', udpPorts)]
      const names = ['microsoft-365', `microsoft-365:${slug(serviceArea)}`, ...(required ? [REQUIRED] : [])]
      into.add(names, { domains: (urls ?? []).map(patternOfUrl), prefixes: ips ?? [], ports })
    }
  },
)

/** `*.example.com` covers all names below; `*-files.example.com` can only be said as all of `example.com`, and so is not. */
function patternOfUrl(url: string): string {
  return url.startsWith('*.') ? `.${url.slice(2)}` : url
}

function portsOf(transport: 'tcp' | 'udp', ports: string | undefined): readonly string[] {
  return (ports ?? '').split(',').flatMap((port) => (port.trim() === '' ? [] : [`${transport}/${port.trim()}`]))
}

/** A border group is a region, or a local zone of one (`us-west-2-lax-1`). */
const awsFields = { region: text, service: text, network_border_group: text.optional() }

export const aws: ReadVendor = json(
  z.object({
    prefixes: z.array(z.object({ ip_prefix: text, ...awsFields })),
    ipv6_prefixes: z.array(z.object({ ipv6_prefix: text, ...awsFields })).optional(),
  }),
  ({ prefixes, ipv6_prefixes }, into) => {
    const all = [
      ...prefixes.map(({ ip_prefix, ...rest }) => ({ prefix: ip_prefix, ...rest })),
      ...(ipv6_prefixes ?? []).map(({ ipv6_prefix, ...rest }) => ({ prefix: ipv6_prefix, ...rest })),
    ]
    for (const { prefix, region, service, network_border_group: group } of all) {
      const places = [...new Set([slug(region), slug(group ?? region)])]
      const product = slug(service)
      // Amazon's own name for everything it has.
      const ofProduct =
        product === 'amazon' ? [] : [`aws:${product}`, ...places.map((place) => `aws:${product}:${place}`)]
      into.add(['aws', ...places.map((place) => `aws:${place}`), ...ofProduct], { prefixes: [prefix] })
    }
  },
)

const googlePrefix = z.object({ ipv4Prefix: text.optional(), ipv6Prefix: text.optional(), scope: text.optional() })
export function google(name: string): ReadVendor {
  return json(z.object({ prefixes: z.array(googlePrefix) }), ({ prefixes }, into) => {
    for (const { ipv4Prefix, ipv6Prefix, scope } of prefixes) {
      const all = [ipv4Prefix, ipv6Prefix].filter((each) => each !== undefined)
      into.add(scope === undefined ? [name] : [name, `${name}:${slug(scope)}`], { prefixes: all })
    }
  })
}

/** `actions` and `hooks` are left apart: the first are machines of Azure that anyone may run code on. */
export const github: ReadVendor = json(
  z.object({
    web: list.optional(),
    api: list.optional(),
    git: list.optional(),
    packages: list.optional(),
    pages: list.optional(),
    hooks: list.optional(),
    actions: list.optional(),
    copilot: list.optional(),
    domains: z.object({ website: list.optional(), packages: list.optional(), copilot: list.optional() }).optional(),
  }),
  ({ web, api, git, packages, pages, hooks, actions, copilot, domains }, into) => {
    const ports = ['tcp/443', 'tcp/22', 'tcp/80']
    for (const prefixes of [web, api, git, packages, copilot]) into.add(['github'], { prefixes: prefixes ?? [], ports })
    const parts = { web, api, git, packages, pages, hooks, actions, copilot }
    for (const [part, prefixes] of Object.entries(parts)) {
      if (prefixes !== undefined) into.add([`github:${part}`], { prefixes, ports })
    }
    const names = [...(domains?.website ?? []), ...(domains?.packages ?? []), ...(domains?.copilot ?? [])]
    into.add(['github'], { domains: names.map(patternOfUrl), ports })
  },
)

export const azure: ReadVendor = json(
  z.object({
    values: z.array(z.object({ name: text, properties: z.object({ addressPrefixes: list }) })),
  }),
  ({ values }, into) => {
    for (const { name, properties } of values) {
      const [tag, region] = name.split('.')
      into.add([['azure', slug(tag!), ...(region === undefined ? [] : [slug(region)])].join(':')], {
        prefixes: properties.addressPrefixes,
      })
      if (name === 'AzureCloud') into.add(['azure'], { prefixes: properties.addressPrefixes })
    }
  },
)

export const oracle: ReadVendor = json(
  z.object({ regions: z.array(z.object({ region: text, cidrs: z.array(z.object({ cidr: text })) })) }),
  ({ regions }, into) => {
    for (const { region, cidrs } of regions) {
      into.add(['oracle-cloud-network', `oracle-cloud-network:${slug(region)}`], {
        prefixes: cidrs.map(({ cidr }) => cidr),
      })
    }
  },
)
