import * as z from 'zod'
import { ServiceCollector, slug, type VendorServices } from './vendor-services.ts'

/** A document that a vendor publishes of its own services. */
export type Vendor = {
  readonly title: string
  readonly source: string
  /** The services that it is about; what it says of a part of one is `SERVICE:PART`. */
  readonly services: readonly string[]
  /** `null` when the document is not of the vendor's form. */
  readonly read: (document: string) => VendorServices | null
}

const text = z.string().max(1024)
const list = z.array(text).max(1_000_000)

function json<T>(schema: z.ZodType<T>, take: (value: T, into: ServiceCollector) => void): Vendor['read'] {
  return (document) => {
    let value: unknown
    try {
      value = JSON.parse(document)
    } catch {
      return null
    }
    const parsed = schema.safeParse(value)
    if (!parsed.success) return null
    const into = new ServiceCollector()
    take(parsed.data, into)
    return into.finish()
  }
}

/** Without the sets that only optional features need. */
const REQUIRED = 'microsoft-365:required'

const microsoft = json(
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

const aws = json(
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
function google(name: string): Vendor['read'] {
  return json(z.object({ prefixes: z.array(googlePrefix) }), ({ prefixes }, into) => {
    for (const { ipv4Prefix, ipv6Prefix, scope } of prefixes) {
      const all = [ipv4Prefix, ipv6Prefix].filter((each) => each !== undefined)
      into.add(scope === undefined ? [name] : [name, `${name}:${slug(scope)}`], { prefixes: all })
    }
  })
}

/** `actions` and `hooks` are left apart: the first are machines of Azure that anyone may run code on. */
const github = json(
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

const azure = json(
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

const oracle = json(
  z.object({ regions: z.array(z.object({ region: text, cidrs: z.array(z.object({ cidr: text })) })) }),
  ({ regions }, into) => {
    for (const { region, cidrs } of regions) {
      into.add(['oracle-cloud-network', `oracle-cloud-network:${slug(region)}`], {
        prefixes: cidrs.map(({ cidr }) => cidr),
      })
    }
  },
)

const atlassian = json(
  z.object({ items: z.array(z.object({ cidr: text, direction: list.optional() })) }),
  ({ items }, into) => {
    const destinations = items.filter(({ direction }) => direction === undefined || direction.includes('ingress'))
    into.add(['atlassian'], { prefixes: destinations.map(({ cidr }) => cidr), ports: ['tcp/443'] })
  },
)

/** What a content network answers on. */
const WEB = ['tcp/80', 'tcp/443', 'udp/443']

const fastly = json(
  z.object({ addresses: list.optional(), ipv6_addresses: list.optional() }),
  ({ addresses, ipv6_addresses }, into) => {
    into.add(['fastly-network'], { prefixes: [...(addresses ?? []), ...(ipv6_addresses ?? [])], ports: WEB })
  },
)

const cloudflare = json(
  z.object({ result: z.object({ ipv4_cidrs: list.optional(), ipv6_cidrs: list.optional() }) }),
  ({ result: { ipv4_cidrs, ipv6_cidrs } }, into) => {
    into.add(['cloudflare-network'], { prefixes: [...(ipv4_cidrs ?? []), ...(ipv6_cidrs ?? [])], ports: WEB })
  },
)

/** A prefix a line. */
function lines(name: string, ports: readonly string[]): Vendor['read'] {
  return (document) => {
    const prefixes = document.split(/\s+/).filter((word) => word !== '')
    if (prefixes.length === 0 || !prefixes.every((word) => /^[0-9a-f:.]+(\/\d+)?$/i.test(word))) return null
    const into = new ServiceCollector()
    into.add([name], { prefixes, ports })
    return into.finish()
  }
}

export const VENDORS: Readonly<Record<string, Vendor>> = {
  microsoft: {
    title: 'Microsoft 365 endpoints',
    source: 'https://endpoints.office.com/endpoints/worldwide?clientrequestid=b10c5ed1-bad1-445f-b386-b919946339a7',
    services: ['microsoft-365'],
    read: microsoft,
  },
  aws: {
    title: 'AWS address ranges',
    source: 'https://ip-ranges.amazonaws.com/ip-ranges.json',
    services: ['aws'],
    read: aws,
  },
  google: {
    title: 'Google address ranges',
    source: 'https://www.gstatic.com/ipranges/goog.json',
    services: ['google'],
    read: google('google'),
  },
  'google-cloud': {
    title: 'Google Cloud address ranges',
    source: 'https://www.gstatic.com/ipranges/cloud.json',
    services: ['google-cloud'],
    read: google('google-cloud'),
  },
  github: { title: 'GitHub meta', source: 'https://api.github.com/meta', services: ['github'], read: github },
  azure: {
    title: 'Azure service tags',
    source: 'https://www.microsoft.com/download/details.aspx?id=56519',
    services: ['azure'],
    read: azure,
  },
  oracle: {
    title: 'Oracle Cloud address ranges',
    source: 'https://docs.oracle.com/iaas/tools/public_ip_ranges.json',
    services: ['oracle-cloud-network'],
    read: oracle,
  },
  atlassian: {
    title: 'Atlassian address ranges',
    source: 'https://ip-ranges.atlassian.com/',
    services: ['atlassian'],
    read: atlassian,
  },
  fastly: {
    title: 'Fastly address ranges',
    source: 'https://api.fastly.com/public-ip-list',
    services: ['fastly-network'],
    read: fastly,
  },
  cloudflare: {
    title: 'Cloudflare address ranges',
    source: 'https://api.cloudflare.com/client/v4/ips',
    services: ['cloudflare-network'],
    read: cloudflare,
  },
  zoom: {
    title: 'Zoom address ranges',
    source: 'https://assets.zoom.us/docs/ipranges/Zoom.txt',
    services: ['zoom'],
    read: lines('zoom', ['tcp/443', 'tcp/8801-8802', 'udp/3478-3479', 'udp/8801-8810']),
  },
  telegram: {
    title: 'Telegram address ranges',
    source: 'https://core.telegram.org/resources/cidr.txt',
    services: ['telegram'],
    read: lines('telegram', ['tcp/443', 'tcp/80', 'tcp/5222']),
  },
}
