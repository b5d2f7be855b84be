import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_SCAN_LIMITS, scanContent } from '../src/content/scan-content.ts'
import { zipOf } from './zip.fixture.ts'

// In pieces, so that no scanner of this repository takes them for real ones.
const KEY = ['-----BEGIN ', 'PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n'].join('')
const CARD = ['4111', '1111', '1111', '1111'] as const

const scan = async (body: string | Buffer): Promise<{ found: readonly string[]; opaque: string | null }> => {
  const { findings, opaque } = await scanContent(Buffer.from(body as string, 'latin1'), [], DEFAULT_SCAN_LIMITS)
  return { found: findings.map(({ detector }) => detector), opaque }
}

const first = { name: 'first.txt', content: 'harmless '.repeat(20) }
const secret = { name: 'secret.txt', content: KEY.repeat(3) }
const form = (part: string, end = '\r\n'): string =>
  ['--b', 'Content-Disposition: form-data; name="f"', '', part, '--b--', ''].join(end)
const tarOf = (name: string, content: Buffer): Buffer => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'sallyport-'))
  writeFileSync(join(folder.path, name), content)
  return execFileSync('tar', ['-c', '-C', folder.path, name])
}

suite('what is disguised is found as what a reader makes of it', () => {
  for (const [why, body, detector] of [
    ['behind a local header that says too little', zipOf([{ ...first, localLength: 3 }, secret]), 'private-key'],
    [
      'behind a local header that says too much',
      zipOf([{ ...first, localLength: 0xffff_ff00 }, secret]),
      'private-key',
    ],
    ['behind octets between two entries', zipOf([{ ...first, gap: 'gap' }, secret]), 'private-key'],
    ['in an entry that the directory leaves out', zipOf([first, { ...secret, isHidden: true }]), 'private-key'],
    [
      'in one that it leaves out, behind a length that lies',
      zipOf([
        { ...first, localLength: 0xffff_ff00 },
        { ...secret, isHidden: true },
      ]),
      'private-key',
    ],
    [
      'in a zip behind a picture',
      Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), zipOf([secret])]),
      'private-key',
    ],
    [
      'in a zip in a zip that is not packed',
      zipOf([{ name: 'a.zip', content: zipOf([secret]), isStored: true }]),
      'private-key',
    ],
    ['in the second of two zips', Buffer.concat([zipOf([first]), zipOf([secret])]), 'private-key'],
    ['in the first of two zips', Buffer.concat([zipOf([secret]), zipOf([first])]), 'private-key'],
    ['in a gzip file in a tar', tarOf('a.gz', gzipSync(KEY)), 'private-key'],
    ['in a zstd file', zstdCompressSync(KEY), 'private-key'],
    [
      'in the last of very many parts',
      `${'--b\r\nA: b\r\n\r\nx\r\n'.repeat(2000)}${form(zipOf([secret]).toString('latin1'))}`,
      'private-key',
    ],
    ['in a part whose lines end with LF', form(zipOf([secret]).toString('latin1'), '\n'), 'private-key'],
    [
      'in a part that holds what looks like an end of parts',
      form(zipOf([{ name: 'a', content: '\r\n--x\r\n\r\n', isStored: true }, secret]).toString('latin1')),
      'private-key',
    ],
    ['in a gzip file in a part', form(gzipSync(KEY).toString('latin1')), 'private-key'],
    ['in UTF-16', Buffer.from(`\ufeff${KEY}`, 'utf16le'), 'private-key'],
    ['in UTF-16 the other way round', Buffer.from(`\ufeff${KEY}`, 'utf16le').swap16(), 'private-key'],
    [
      'in base64 of UTF-16 in UTF-16',
      Buffer.from(Buffer.from(KEY.repeat(2)).toString('base64'), 'utf16le'),
      'private-key',
    ],
    [
      'in base64 behind letters that belong to it by their looks',
      `v1k${Buffer.from(KEY.repeat(3)).toString('base64')}`,
      'private-key',
    ],
    ['in a form that a browser sends', `cvc=123&card=${CARD.join('+')}&x=y`, 'payment-card'],
    [
      'in characters of XML',
      `<card>${[...CARD.join('')].map((digit) => `&#${digit.charCodeAt(0)};`).join('')}</card>`,
      'payment-card',
    ],
    ['with spaces that do not break', `card ${CARD.join('\u00a0')}`, 'payment-card'],
    ['with spaces that do not break, in UTF-8', Buffer.from(`card ${CARD.join('\u00a0')}`), 'payment-card'],
    ['in a form with an IBAN in groups', 'to=DE89+3704+0044+0532+0130+00', 'iban'],
  ] as const) {
    test(why, async () => assert.ok((await scan(body)).found.includes(detector)))
  }
})

suite('what no reader is known for here is not passed as read', () => {
  const deep = (times: number): Buffer => (times === 0 ? Buffer.from(KEY) : gzipSync(deep(times - 1)))
  const cut = zipOf([first, secret])
  for (const [why, body] of [
    ['what is packed deeper than it is looked into', deep(DEFAULT_SCAN_LIMITS.depth + 1)],
    ['7z', Buffer.from('7z\xbc\xaf\x27\x1c and so on', 'latin1')],
    ['rar', Buffer.from('Rar!\x1a\x07 and so on', 'latin1')],
    ['xz', Buffer.from('\xfd7zXZ\0 and so on', 'latin1')],
    ['bzip2', Buffer.from('BZh91AY&SY and so on', 'latin1')],
    ['xz in a zip', zipOf([{ name: 'a.xz', content: '\xfd7zXZ\0 and so on' }])],
    ['a zip whose directory points nowhere', cut.fill(0xff, cut.length - 6, cut.length - 2)],
    ['a tar whose length is none', tarOf('a', Buffer.from('x')).fill('z', 124, 130)],
    ['headers of entries without end', 'PK\x03\x04\x14\0\x08\0\x08\0'.padEnd(30, '\0').repeat(30_000)],
    ['entries that overlap beyond what is unpacked', overlapping()],
  ] as const) {
    test(why, async () => assert.notEqual((await scan(body)).opaque, null))
  }
})

test('no zip and no tar that is damaged makes the scan throw', async () => {
  const sound = [zipOf([first, secret]), tarOf('a.zip', zipOf([secret])), zipOf([]).subarray(0, 21)]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sound),
      fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.nat(40),
      async (octets, damage, cut) => {
        const damaged = Buffer.from(octets.subarray(0, Math.max(0, octets.length - cut)))
        for (const [at, octet] of damage) if (at < damaged.length) damaged[at] = octet
        await scan(damaged.toString('latin1'))
      },
    ),
    { numRuns: 400 },
  )
})

test('letters that begin like a packed file are letters', async () => {
  for (const body of ['BZhou', 'MSCF is a name', 'a\n\nBZh9 is a version', '7z is a program'])
    assert.deepEqual(await scan(body), { found: [], opaque: null })
})

/** Each header is followed by all the others, and says that they are its content. */
function overlapping(): Buffer {
  const count = 200
  const header = (left: number): Buffer => {
    const octets = Buffer.alloc(30)
    octets.write('PK\x03\x04', 'latin1')
    octets.writeUInt32LE(left, 18)
    return octets
  }
  const filler = Buffer.alloc(2 ** 20, 'x')
  return Buffer.concat([
    ...Array.from({ length: count }, (_, at) => header((count - at - 1) * 30 + filler.length + 1)),
    filler,
  ])
}
