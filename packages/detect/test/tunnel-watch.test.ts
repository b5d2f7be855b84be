import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { TunnelWatch, type TunnelSign } from '../src/index.ts'
import { random } from './labelled-traffic.ts'

const [A, NULL, TXT, PRIVATE] = [1, 10, 16, 65_399]
const CLIENT = '192.0.2.7'

/** A look-up a second unless said otherwise; what was told first. */
function told(names: Iterable<string>, type = A, watch = new TunnelWatch(), stepMs = 1000): TunnelSign | null {
  let nowMs = 0
  let first: TunnelSign | null = null
  for (const name of names) {
    const sign = watch.look({ client: CLIENT, name, type }, nowMs)
    if (sign?.isFirst) first = sign
    nowMs += stepMs
  }
  return first
}

const text = (next: () => number, letters: string, length: number): string =>
  Array.from({ length }, () => letters[Math.floor(next() * letters.length)]!).join('')
const HEX = '0123456789abcdef'
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const many = (count: number, name: (at: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, at) => name(at))

test('data in names is told by how much of it there is, whatever alphabet it is written in', () => {
  for (const [letters, length] of [
    [BASE32, 180],
    [HEX, 200],
    [BASE32, 60],
  ] as const) {
    const next = random(length)
    const sign = told(many(400, () => `${text(next, letters, length).replace(/.{50}(?=.)/g, '$&.')}.t.example.com`))
    assert.deepEqual([sign?.reason, sign?.zone, sign?.client], ['data-in-names', 'example.com', CLIENT])
    assert.ok(sign!.octets >= 8192 && sign!.octets < 8192 + 200, `${sign!.octets}`)
  }
})

test('types that nothing else asks for tell a tunnel from its short names', () => {
  for (const type of [NULL, PRIVATE]) {
    assert.equal(
      told(
        many(30, (at) => `paa${at}.t.example.com`),
        type,
      )?.reason,
      'rare-types',
    )
  }
  assert.equal(
    told(
      many(19, (at) => `paa${at}.t.example.com`),
      NULL,
    ),
    null,
  )
})

test('polls for text are told by their number; dns2tcp by how it opens', () => {
  assert.equal(
    told(
      many(220, (at) => `p${at}.t.example.com`),
      TXT,
    )?.reason,
    'many-texts',
  )
  assert.equal(told(['aaaaalzpqa.\\061auth.t.example.com'], TXT)?.reason, 'dns2tcp')
})

test('a zone that was told stays so for that client alone, until it is quiet for an hour', () => {
  const watch = new TunnelWatch()
  told(
    many(30, (at) => `paa${at}.t.example.com`),
    NULL,
    watch,
  )
  const look = (client: string, nowMs: number) => watch.look({ client, name: 'www.example.com', type: A }, nowMs)
  assert.deepEqual([look(CLIENT, 60_000)?.zone, look(CLIENT, 60_000)?.isFirst], ['example.com', false])
  assert.equal(look('192.0.2.8', 60_000), null)
  assert.equal(look(CLIENT, 3_700_000), null)
})

test('what is asked for again counts once, and what is spread over hours counts for its ten minutes', () => {
  const next = random(1)
  const names = many(10, () => `${text(next, BASE32, 60)}.t.example.com`)
  assert.equal(told(many(1000, (at) => names[at % 10]!)), null)
  const slow = many(1000, () => `${text(next, BASE32, 60)}.t.example.com`)
  assert.equal(told(slow, A, new TunnelWatch(), 20_000), null)
})

test('zones are bounded: the one that was quiet longest is forgotten, and counted', () => {
  const watch = new TunnelWatch(10)
  told(
    many(15, (at) => `x.t${at}.example`),
    NULL,
    watch,
  )
  assert.equal(watch.forgotten, 5)
})

test('names of delivery networks, advertisements, virus scanners and address look-ups are no tunnel', () => {
  const next = random(7)
  const hex = (length: number): string => text(next, HEX, length)
  const benign: Readonly<Record<string, (at: number) => string>> = {
    video: (at) => `rr${at % 9}---sn-${text(next, BASE32, 8)}.googlevideo.example`,
    frames: () => `${hex(32)}.safeframe.ads.example`,
    edges: (at) => `edge-node-${at}.region-west-${at % 4}.cdn-provider.example`,
    tenants: () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}.cloudfront.net`,
    balancers: (at) => `internal-service-${at}-${1_000_000_000 + at}.eu-west-1.elb.amazonaws.com`,
    scanner: () => `${text(next, BASE32, 26)}.avqs.mcafee.com`,
    reputation: () => `${hex(40)}.malware.hash.cymru.com`,
    reversed: () => `${hex(32).split('').join('.')}.ip6.arpa`,
    tracking: () => `${hex(16)}.beacon.metrics.example`,
  }
  for (const [kind, name] of Object.entries(benign)) assert.equal(told(many(250, name)), null, kind)
  assert.equal(
    told(
      many(150, (at) => `s${at}._domainkey.example.com`),
      TXT,
    ),
    null,
  )
})

const data = process.env['SALLYPORT_TEST_DATA']
const list = join(data ?? '', 'ranges/cloudflare-top100k.txt.gz')
const skip = data !== undefined && existsSync(list) ? false : 'no SALLYPORT_TEST_DATA'

test('of the 100,000 most asked for sites, asked for at once by one client, none is told', { skip }, () => {
  const sites = gunzipSync(readFileSync(list)).toString().split('\n').filter(Boolean)
  assert.ok(sites.length > 90_000)
  const watch = new TunnelWatch()
  for (const prefix of ['', 'www.', 'static-assets.cdn.']) {
    assert.equal(
      told(
        sites.map((site) => prefix + site),
        A,
        watch,
        1,
      ),
      null,
    )
  }
})
