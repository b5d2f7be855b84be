import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { importVendor, openWorld, readImported, ServiceCatalogue, VENDORS, writeImported } from '../../src/index.ts'

/** Documents in the form in which each vendor publishes them, cut to a few entries. */
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  microsoft: [
    {
      id: 1,
      serviceArea: 'Exchange',
      serviceAreaDisplayName: 'Exchange Online',
      urls: ['outlook.office.com', '*.outlook.com'],
      ips: ['13.107.6.152/31', '2603:1006::/40'],
      tcpPorts: '80,443',
      udpPorts: '443',
      category: 'Optimize',
      required: true,
    },
    {
      id: 2,
      serviceArea: 'Common',
      urls: ['*.blob.core.windows.net', 'contoso-*.sharepoint.com', 'login.microsoftonline.com'],
      tcpPorts: '443',
      category: 'Allow',
      required: true,
    },
  ],
  aws: {
    syncToken: '1',
    createDate: '2026-11-01-00-00-00',
    prefixes: [
      { ip_prefix: '3.4.12.4/32', region: 'eu-west-1', service: 'AMAZON', network_border_group: 'eu-west-1' },
      { ip_prefix: '52.218.0.0/17', region: 'eu-west-1', service: 'S3', network_border_group: 'eu-west-1' },
      { ip_prefix: '10.0.0.0/8', region: 'us-east-1', service: 'EC2', network_border_group: 'us-east-1' },
    ],
    ipv6_prefixes: [
      { ipv6_prefix: '2a05:d07a:a000::/40', region: 'eu-south-1', service: 'S3', network_border_group: 'eu-south-1' },
    ],
  },
  google: {
    syncToken: '1',
    creationTime: '2026-11-01T00:00:00',
    prefixes: [{ ipv4Prefix: '8.8.4.0/24' }, { ipv6Prefix: '2001:4860::/32' }],
  },
  'google-cloud': { prefixes: [{ ipv4Prefix: '34.1.208.0/20', service: 'Google Cloud', scope: 'africa-south1' }] },
  github: {
    verifiable_password_authentication: false,
    web: ['192.30.252.0/22'],
    git: ['140.82.112.0/20'],
    actions: ['4.148.0.0/16'],
    domains: { website: ['*.github.com', '*.githubusercontent.com'], codespaces: ['*.github.dev'] },
  },
  azure: {
    changeNumber: 1,
    cloud: 'Public',
    values: [
      {
        name: 'Storage.WestEurope',
        id: 'Storage.WestEurope',
        properties: { region: 'westeurope', addressPrefixes: ['13.73.4.192/26'] },
      },
    ],
  },
  oracle: {
    last_updated_timestamp: '',
    regions: [{ region: 'eu-frankfurt-1', cidrs: [{ cidr: '130.61.0.0/16', tags: ['OCI'] }] }],
  },
  atlassian: {
    items: [
      { cidr: '104.192.136.0/21', product: ['jira'], direction: ['ingress', 'egress'] },
      { cidr: '185.166.140.0/24', product: ['jira', 'bitbucket'], direction: ['ingress'] },
      { cidr: '13.52.5.96/28', direction: ['egress'] },
    ],
  },
  okta: { us_cell_1: { ip_ranges: ['3.101.162.128/25'] }, emea_cell_1: { ip_ranges: ['3.75.0.1/32'] } },
  datadog: {
    version: 65,
    modified: '2026-11-01-00-00-00',
    agents: { prefixes_ipv4: ['3.233.144.0/20'], prefixes_ipv6: ['2600:1f18:24e6:b900::/56'] },
    logs: { prefixes_ipv4: ['3.233.158.0/24'], prefixes_ipv6: [] },
    webhooks: { prefixes_ipv4: ['34.195.254.127/32'], prefixes_ipv6: [] },
  },
  stripe: { API: ['13.112.224.240', '13.115.13.148'] },
  fastly: { addresses: ['151.101.0.0/16'], ipv6_addresses: ['2a04:4e40::/32'] },
  cloudflare: { result: { ipv4_cidrs: ['104.16.0.0/13'], ipv6_cidrs: ['2606:4700::/32'], etag: 'x' }, success: true },
  zoom: '3.235.69.0/25\n2620:123:2000::/40\n',
  telegram: '91.108.56.0/22\n2001:b28:f23d::/48\n',
}
const text = (vendor: string): string => {
  const document = DOCUMENTS[vendor]
  return typeof document === 'string' ? document : JSON.stringify(document)
}

function services(vendor: string): Readonly<Record<string, readonly string[]>> {
  const imported = importVendor(vendor, text(vendor))
  if ('invalid' in imported) return assert.fail(imported.invalid)
  return Object.fromEntries(
    Object.entries(imported.services).map(([name, facts]) => [
      name,
      facts.flatMap(({ domains, prefixes }) => [...domains, ...prefixes]),
    ]),
  )
}

test('each vendor is read in its own form', () => {
  for (const vendor of Object.keys(VENDORS)) assert.ok(Object.keys(services(vendor)).length > 0, vendor)
  assert.deepEqual(services('aws'), {
    aws: ['3.4.12.4', '52.218.0.0/17', '2a05:d07a:a000::/40'],
    'aws:eu-west-1': ['3.4.12.4', '52.218.0.0/17'],
    'aws:s3': ['52.218.0.0/17', '2a05:d07a:a000::/40'],
    'aws:s3:eu-west-1': ['52.218.0.0/17'],
    'aws:us-east-1': [],
    'aws:ec2': [],
    'aws:ec2:us-east-1': [],
    'aws:eu-south-1': ['2a05:d07a:a000::/40'],
    'aws:s3:eu-south-1': ['2a05:d07a:a000::/40'],
  })
  assert.deepEqual(services('microsoft')['microsoft-365:exchange'], [
    'outlook.office.com',
    '.outlook.com',
    '13.107.6.152/31',
    '2603:1006::/40',
  ])
  assert.deepEqual(services('github')['github'], ['.github.com', '192.30.252.0/22', '140.82.112.0/20'])
  assert.deepEqual(services('azure')['azure:storage:westeurope'], ['13.73.4.192/26'])
  assert.deepEqual(services('atlassian'), {
    atlassian: ['104.192.136.0/21', '185.166.140.0/24'],
    'atlassian:jira': ['104.192.136.0/21', '185.166.140.0/24'],
    'atlassian:bitbucket': ['185.166.140.0/24'],
    bitbucket: ['185.166.140.0/24'],
  })
  assert.deepEqual(services('okta'), {
    okta: ['3.101.162.128/25', '3.75.0.1'],
    'okta:us-cell-1': ['3.101.162.128/25'],
    'okta:emea-cell-1': ['3.75.0.1'],
  })
  assert.deepEqual(services('datadog'), {
    datadog: ['3.233.144.0/20', '2600:1f18:24e6:b900::/56', '3.233.158.0/24'],
    'datadog:agents': ['3.233.144.0/20', '2600:1f18:24e6:b900::/56'],
    'datadog:logs': ['3.233.158.0/24'],
  })
  assert.deepEqual(services('google-cloud')['google-cloud:africa-south1'], ['34.1.208.0/20'])
})

test('a vendor brings the services that it says it brings, and parts of them', () => {
  for (const [vendor, { services: brought }] of Object.entries(VENDORS)) {
    const bases = new Set(Object.keys(services(vendor)).map((name) => name.split(':', 1)[0]!))
    assert.deepEqual([...bases].toSorted(), [...brought].toSorted(), vendor)
  }
})

/** What is said of a service, each port list with what it is for. */
function said(vendor: string, document: unknown, service: string): readonly string[] {
  const imported = importVendor(vendor, JSON.stringify(document))
  if ('invalid' in imported) return [imported.invalid]
  return (imported.services[service] ?? []).map(({ domains, prefixes, ports }) =>
    [...domains, ...prefixes, 'on', ...ports].join(' '),
  )
}

test('sets of Microsoft endpoints keep their own ports; optional ones are told apart; names, ranges and ports may be absent', () => {
  const sets = [
    { id: 1, serviceArea: 'Exchange', urls: ['outlook.office.com'], ips: ['13.107.6.152/31'], tcpPorts: '80,443' },
    { id: 9, serviceArea: 'Exchange', urls: ['*.protection.outlook.com'], tcpPorts: '25', required: true },
    { id: 11, serviceArea: 'Skype', ips: ['52.112.0.0/14'], udpPorts: ' 3478, 3479-3481', required: true },
    { id: 12, serviceArea: 'Skype', urls: ['*.lync.com'], tcpPorts: '443', udpPorts: '443', required: false },
    { id: 13, serviceArea: 'Common', urls: ['a.office.com'], tcpPorts: '443,none,99999' },
    { id: 14, serviceArea: 'Common', urls: ['b.office.com'], tcpPorts: 'all' },
    { id: 15, serviceArea: 'Common', expressRoute: false, notes: 'nothing of use' },
  ]
  assert.deepEqual(said('microsoft', sets, 'microsoft-365:exchange'), [
    'outlook.office.com 13.107.6.152/31 on tcp/443 tcp/80',
    '.protection.outlook.com on tcp/25',
  ])
  assert.deepEqual(said('microsoft', sets, 'microsoft-365:skype'), [
    '52.112.0.0/14 on udp/3478 udp/3479-3481',
    '.lync.com on tcp/443 udp/443',
  ])
  assert.deepEqual(said('microsoft', sets, 'microsoft-365:required'), [
    '.protection.outlook.com on tcp/25',
    '52.112.0.0/14 on udp/3478 udp/3479-3481',
  ])
  // A set whose ports cannot be read would hold for all of them.
  assert.deepEqual(
    said('microsoft', sets, 'microsoft-365:common').filter((each) => each !== 'on '),
    ['a.office.com on tcp/443'],
  )
})

test('a local zone of AWS is a place of its own, GLOBAL is one too, and bits after a prefix are cleared', () => {
  const field = { region: 'us-west-2', service: 'EC2' }
  const document = {
    prefixes: [
      { ip_prefix: '15.181.0.0/20', ...field, network_border_group: 'us-west-2-lax-1' },
      { ip_prefix: '52.94.0.5/22', ...field },
      { ip_prefix: '99.77.0.0/24', region: 'GLOBAL', service: 'ROUTE53_HEALTHCHECKS', network_border_group: 'GLOBAL' },
    ],
  }
  assert.deepEqual(said('aws', document, 'aws:us-west-2-lax-1'), ['15.181.0.0/20 on'])
  assert.deepEqual(said('aws', document, 'aws:ec2:us-west-2'), ['15.181.0.0/20 52.94.0.0/22 on'])
  assert.deepEqual(said('aws', document, 'aws:route53-healthchecks:global'), ['99.77.0.0/24 on'])
})

test('lists of one family, and fields that vendors add, change nothing', () => {
  assert.deepEqual(said('cloudflare', { result: { ipv4_cidrs: ['104.16.0.0/13'] } }, 'cloudflare-network'), [
    '104.16.0.0/13 on tcp/443 tcp/80 udp/443',
  ])
  assert.deepEqual(said('fastly', { ipv6_addresses: ['2a04:4e40::/32'] }, 'fastly-network'), [
    '2a04:4e40::/32 on tcp/443 tcp/80 udp/443',
  ])
  const tag = { region: '', regionId: 0, platform: 'Azure', systemService: 'AzureSQL', networkFeatures: null }
  const azure = { values: [{ name: 'Sql', id: 'Sql', properties: { ...tag, addressPrefixes: ['4.145.74.52/30'] } }] }
  assert.deepEqual(said('azure', azure, 'azure:sql'), ['4.145.74.52/30 on'])
  const meta = {
    ssh_keys: ['ssh-ed25519 AAAA'],
    git: ['140.82.112.0/20', '2a0a:a440::/29'],
    actions_macos: ['13.105.49.0/31'],
    domains: { packages: ['ghcr.io'], actions_inbound: { full_domains: ['a.actions.githubusercontent.com'] } },
  }
  assert.deepEqual(said('github', meta, 'github'), ['ghcr.io 140.82.112.0/20 2a0a:a440::/29 on tcp/22 tcp/443 tcp/80'])
  assert.deepEqual(said('google', { prefixes: [{ ipv6Prefix: '2001:4860::/32' }, {}] }, 'google'), [
    '2001:4860::/32 on',
  ])
})

test('a range that no one vendor has is left out', () => {
  for (const range of ['0.0.0.0/0', '64.0.0.0/4', '2000::/3', '2a00::/12']) {
    assert.deepEqual(said('fastly', { addresses: [range, '151.101.0.0/16'] }, 'fastly-network'), [
      '151.101.0.0/16 on tcp/443 tcp/80 udp/443',
    ])
  }
})

test('what would allow strangers is left out, and told', () => {
  const imported = importVendor('microsoft', text('microsoft'))
  assert.ok('leftOut' in imported)
  assert.deepEqual(
    imported.leftOut
      .filter(({ service }) => service === 'microsoft-365')
      .map(({ entry, reason }) => `${entry}: ${reason}`),
    [
      '.blob.core.windows.net: covers a suffix under which others have names',
      'contoso-*.sharepoint.com: a wildcard inside a name, or no name',
    ],
  )
  const aws = importVendor('aws', text('aws'))
  assert.ok('leftOut' in aws && aws.leftOut.some(({ entry }) => entry === '10.0.0.0/8'))
})

test('a document of another form is no import, and no bytes throw', () => {
  for (const vendor of Object.keys(VENDORS)) {
    for (const other of ['', '<html>', '{}', '[]', 'null', '{"prefixes":[{"ip_prefix":1}]}'])
      assert.ok('invalid' in importVendor(vendor, other), vendor)
  }
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(VENDORS)), fc.oneof(fc.json(), fc.string()), (vendor, document) => {
      const imported = importVendor(vendor, document)
      assert.ok('invalid' in imported || Object.keys(imported.services).length > 0)
    }),
  )
})

test('an import adds to what is known, in the world of policies too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-services-'))
  try {
    const aws = importVendor('aws', text('aws'))
    assert.ok('services' in aws)
    const { services: said } = aws
    await writeImported(directory, {
      version: 2,
      vendor: 'aws',
      source: 'https://example.com',
      fetchedMs: 1,
      services: said,
    })
    writeFileSync(join(directory, 'zoom.json'), '{"version":1,"vend')
    const imported = await readImported([join(directory, 'none'), directory])
    assert.deepEqual(
      imported.map(({ vendor }) => vendor),
      ['aws'],
    )
    const catalogue = new ServiceCatalogue(imported)
    assert.equal(catalogue.get('aws:s3')!.facts[0]!.fetchedMs, 1)
    const world = await openWorld({ imported })
    assert.equal(world.service('aws:s3:eu-west-1')!.prefixes.length, 1)
    assert.ok(world.service('github')!.domains.length > 0)
    assert.equal(world.service('aws:none'), null)
    assert.ok(world.category('tor')!.domains.length > 0)
    assert.equal(world.category('constructor'), null)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
