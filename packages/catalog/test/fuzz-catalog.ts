import { importVendor, readMmdb, VENDORS } from '../src/index.ts'
import { writeMmdb } from './geo/write-mmdb.ts'

type Random = (below: number) => number
type Parse = (bytes: Uint8Array, random: Random) => boolean

const METADATA = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const DATABASES: readonly Buffer[] = ([24, 28, 32] as const).flatMap((size) => [
  writeMmdb(
    [
      { bits: '00001000', record: { country: { iso_code: 'US' } } },
      { bits: '11', record: { country_code: 'KP' } },
    ],
    size,
    4,
  ),
  writeMmdb([{ bits: '0010000000000001', record: { autonomous_system_number: 64500 } }], size, 6),
])

function withOctets(database: Buffer, random: Random): Uint8Array {
  const damaged = Buffer.from(database)
  for (let times = 1 + random(3); times > 0; times--) damaged[random(database.indexOf(METADATA))] = random(256)
  return damaged
}

/** For `npm run fuzz -- mmdb`: a damaged tree ends the walk, and whatever is found can be looked up. */
export const fuzzMmdb: {
  readonly corpus: () => readonly Uint8Array[]
  readonly wrap: (bytes: Uint8Array, random: Random) => Uint8Array
  readonly parse: Parse
} = {
  corpus: () => DATABASES,
  // Where only the tree and its records are damaged, what is read of them is not given up at once.
  wrap: (bytes, random) => (random(4) === 0 ? bytes : withOctets(DATABASES[random(DATABASES.length)]!, random)),
  parse: (bytes, random) => {
    const read = readMmdb(Buffer.from(bytes))
    if ('invalid' in read) return false
    for (const { start, value } of read.table.rows()) if (value === '' || start.length !== 4) throw new Error('a row')
    read.table.find({ words: [random(2 ** 32), 0, 0xffff, random(2 ** 32)] })
    return true
  },
}

const DOCUMENTS: readonly string[] = [
  '[{"serviceArea":"Exchange","urls":["*.a.example"],"ips":["192.0.2.0/24"],"tcpPorts":"80,443"}]',
  '{"prefixes":[{"ip_prefix":"192.0.2.0/24","region":"eu","service":"S3"}]}',
  '{"prefixes":[{"ipv4Prefix":"192.0.2.0/24","scope":"eu"}],"regions":[{"region":"eu","cidrs":[{"cidr":"192.0.2.0/24"}]}]}',
  '{"web":["192.0.2.0/24"],"domains":{"website":["*.a.example"]},"items":[{"cidr":"192.0.2.0/24","product":["x"]}]}',
  '{"cell":{"ip_ranges":["192.0.2.0/24"]},"values":[{"name":"A.B","properties":{"addressPrefixes":["192.0.2.0/24"]}}]}',
  '{"API":["192.0.2.1"],"addresses":["192.0.2.0/24"],"result":{"ipv4_cidrs":["192.0.2.0/24"]}}',
  '192.0.2.0/24\n2001:db8::/32\n',
]
const VALUES: readonly string[] =
  'null [] {} [[]] "" "x" -1 1e999 "8.8.8.0/24" "0.0.0.0/0" "::/0" "8.8.8.8/33" "*.com" "**" "80-" "__proto__"'.split(
    ' ',
  )

/** For `npm run fuzz -- vendors`: a document is an import or none, under the name of any vendor. */
export const fuzzVendors: {
  readonly corpus: () => readonly Uint8Array[]
  readonly wrap: (bytes: Uint8Array, random: Random) => Uint8Array
  readonly parse: Parse
} = {
  corpus: () => DOCUMENTS.map((text) => Buffer.from(text)),
  wrap: (bytes, random) => (random(4) === 0 ? bytes : Buffer.from(withValues(DOCUMENTS[random(6)]!, random))),
  parse: (bytes) => {
    const text = Buffer.from(bytes).toString('utf8')
    const read = Object.keys(VENDORS).map((vendor) => importVendor(vendor, text))
    return read.some((imported) => !('invalid' in imported))
  },
}

/** Still JSON, with other values here and there. */
function withValues(document: string, random: Random): string {
  return document.replace(/"[^"]*"(?!:)/g, (value) => (random(4) === 0 ? VALUES[random(VALUES.length)]! : value))
}
