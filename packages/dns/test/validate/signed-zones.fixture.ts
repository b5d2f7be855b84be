import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nsd, unbound, type RealServer } from '../real-server.fixture.ts'

export type SignedZones = AsyncDisposable & {
  readonly endpoint: RealServer['endpoint']
  /** DS record of `example.`, as `--trust-anchor` takes it. */
  readonly anchor: string
  /** The same for delv, in a file. */
  readonly delvAnchors: string
}

type Zone = {
  readonly name: string
  readonly records: readonly string[]
  readonly algorithm?: string
  /** Of dnssec-signzone; `null` leaves the zone unsigned. */
  readonly sign: readonly string[] | null
  /** Whether the parent names its key. */
  readonly ds?: boolean
  readonly spoil?: (signed: string) => string
}

/** Signatures are not checked after signing: some zones are to be wrong. */
const UNCHECKED = '-P'
const ZONES: readonly Zone[] = [
  {
    name: 'n3.example',
    sign: ['-3', 'abcd', '-H', '5'],
    records: ['a A 192.0.2.11', '*.wild A 192.0.2.12', 'x.ent A 192.0.2.13'],
  },
  { name: 'rsa.example', algorithm: 'RSASHA256', sign: [], records: ['a A 192.0.2.14'] },
  {
    name: 'ed.example',
    algorithm: 'ED25519',
    sign: [],
    records: ['a A 192.0.2.15', 'a TXT "with \\"quotes\\""', '@ MX 10 MAIL'],
  },
  { name: 'p384.example', algorithm: 'ECDSAP384SHA384', sign: [], records: ['a A 192.0.2.16', 'srv SRV 1 2 443 A'] },
  { name: 'sha1.example', algorithm: 'RSASHA1', sign: [], records: ['a A 192.0.2.17'] },
  { name: 'heavy.example', sign: ['-3', '-', '-H', '150'], records: ['a A 192.0.2.18'] },
  { name: 'optout.example', sign: ['-3', '-', '-A'], records: ['a A 192.0.2.19', 'sub NS ns.example.'] },
  { name: 'sub.optout.example', sign: null, records: ['a A 192.0.2.20'] },
  { name: 'plain.example', sign: null, records: ['a A 192.0.2.21', 'to CNAME a.example.'] },
  { name: 'expired.example', sign: ['-s', '20200101000000', '-e', '20200201000000'], records: ['a A 192.0.2.22'] },
  { name: 'early.example', sign: ['-s', '20900101000000', '-e', '20900201000000'], records: ['a A 192.0.2.23'] },
  {
    name: 'bogus.example',
    sign: [],
    records: ['a A 192.0.2.24', 'b A 192.0.2.25'],
    spoil: (signed) => signed.replace('192.0.2.24', '192.0.2.66'),
  },
  {
    name: 'stripped.example',
    sign: [],
    records: ['a A 192.0.2.26'],
    // All of its signatures and proofs are gone, as if somebody on the path had taken them.
    spoil: (signed) => signed.replaceAll(/^.*\b(RRSIG|NSEC)\b(.*\((?:[^)]|\n)*\)|.*)$/gm, ''),
  },
]
const PARENT: Zone = {
  name: 'example',
  sign: [],
  records: [
    'a A 192.0.2.1',
    'a AAAA 2001:db8::1',
    'www CNAME a',
    'away CNAME a.n3',
    'lost CNAME a.plain',
    'broken CNAME a.bogus',
    '*.wild A 192.0.2.2',
    '*.wildalias CNAME a',
    'x.y.ent A 192.0.2.3',
    'moved DNAME n3.example.',
    'svc HTTPS 1 . alpn="h2" ipv4hint=192.0.2.4',
    ...ZONES.filter(({ name }) => name.split('.').length === 2).map(({ name }) => `${name}. NS ns.example.`),
  ],
}

/** Zones of every kind, signed by dnssec-signzone and served by nsd, and unbound that asks it without checking anything. */
export async function signedZones(): Promise<SignedZones> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-zones-'))
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, {
      cwd: folder,
      stdio: 'pipe',
      encoding: 'utf8',
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    })
  const write = (zone: Zone, more: readonly string[]): void => {
    const head = [
      '$TTL 300',
      `$ORIGIN ${zone.name}.`,
      '@ SOA ns.example. host.example. 1 3600 600 86400 60',
      '@ NS ns.example.',
    ]
    const glue = zone.name === 'example' ? ['ns A 127.0.0.1'] : []
    writeFileSync(join(folder, zone.name), [...head, ...glue, ...zone.records, ...more, ''].join('\n'))
  }
  const sign = (zone: Zone): void => {
    if (zone.sign === null) return
    const size = zone.algorithm?.startsWith('RSA') === true ? ['-b', '2048'] : []
    const key = run(
      'dnssec-keygen',
      '-q',
      '-a',
      zone.algorithm ?? 'ECDSAP256SHA256',
      ...size,
      '-f',
      'KSK',
      zone.name,
    ).trim()
    run(
      'dnssec-signzone',
      '-q',
      '-S',
      '-z',
      UNCHECKED,
      '-o',
      zone.name,
      '-f',
      `${zone.name}.signed`,
      ...zone.sign,
      zone.name,
      key,
    )
    const signed = readFileSync(join(folder, `${zone.name}.signed`), 'utf8')
    writeFileSync(join(folder, zone.name), zone.spoil?.(signed) ?? signed)
  }
  for (const zone of ZONES) {
    write(zone, [])
    sign(zone)
  }
  const sets = readdirSync(folder).filter((file) => file.startsWith('dsset-') && !file.includes('optout.example.x'))
  write(
    PARENT,
    sets.map((file) => readFileSync(join(folder, file), 'utf8')),
  )
  sign(PARENT)
  const anchor = readFileSync(join(folder, 'dsset-example.'), 'utf8').trim().replaceAll(/\s+/g, ' ')
  const [, tag, algorithm, digest, ...hex] = /DS (\d+) (\d+) (\d+) (.+)$/.exec(anchor)!
  const delvAnchors = join(folder, 'delv.anchors')
  writeFileSync(
    delvAnchors,
    `trust-anchors { example. static-ds ${tag} ${algorithm} ${digest} "${hex.join('').replaceAll(' ', '')}"; };\n`,
  )
  const names = [PARENT, ...ZONES].map(({ name }) => name)
  const authority = await nsd(folder, names)
  const stub = names.map(
    (name) =>
      `stub-zone:\n name: "${name}."\n stub-addr: ${authority.endpoint.address}@${authority.endpoint.port}\nserver:`,
  )
  const server = await unbound('local-zone: "example." transparent', ...stub)
  return {
    endpoint: server.endpoint,
    anchor,
    delvAnchors,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await authority[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
