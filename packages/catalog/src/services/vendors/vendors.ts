import { atlassian, cloudflare, datadog, fastly, okta, stripe } from './application-documents.ts'
import { aws, azure, github, google, microsoft, oracle } from './cloud-documents.ts'
import { lines, type ReadVendor } from './read-vendor.ts'

/** A document that a vendor publishes of its own services. */
export type Vendor = {
  readonly title: string
  readonly source: string
  /** The services that it is about; what it says of a part of one is `SERVICE:PART`. */
  readonly services: readonly string[]
  readonly read: ReadVendor
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
    services: ['atlassian', 'bitbucket'],
    read: atlassian,
  },
  okta: {
    title: 'Okta address ranges',
    source: 'https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json',
    services: ['okta'],
    read: okta,
  },
  datadog: {
    title: 'Datadog address ranges',
    source: 'https://ip-ranges.datadoghq.com/',
    services: ['datadog'],
    read: datadog,
  },
  stripe: {
    title: 'Stripe API addresses',
    source: 'https://stripe.com/files/ips/ips_api.json',
    services: ['stripe'],
    read: stripe,
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
