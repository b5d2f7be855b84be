import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isCardNumber, isIban } from '../src/content/detectors.ts'
import { DEFAULT_SCAN_LIMITS, scanContent } from '../src/content/scan-content.ts'

// Split, so that no scanner of this repository takes them for real ones.
const CARD = ['card number 4111 1111 ', '1111 1111, expires 12/30'].join('')
const TOKEN = ['ghp_', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('')
const AWS = ['AKIA', 'IOSFODNN7EXAMPLE'].join('')
const KEY = ['-----BEGIN ', 'RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n'].join('')

const scan = async (body: string | Buffer, ...codings: string[]): Promise<string> => {
  const { findings, opaque } = await scanContent(Buffer.from(body as string, 'latin1'), codings, DEFAULT_SCAN_LIMITS)
  return [...findings.map(({ detector }) => detector), ...(opaque === null ? [] : [`opaque: ${opaque}`])].join(' ')
}

/** A zip with one entry, as simple as can be: the local header is all that is read. */
function zip(name: string, content: string): Buffer {
  const packed = deflateRawSync(content)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(8, 8)
  header.writeUInt32LE(packed.length, 18)
  header.writeUInt32LE(content.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name), packed])
}

suite('what a body holds is counted', () => {
  const counted = async (body: string): Promise<string> => {
    const { findings } = await scanContent(Buffer.from(body, 'latin1'), [], DEFAULT_SCAN_LIMITS)
    return findings.map(({ detector, count, confidence }) => `${detector} ${count} ${confidence}`).join(', ')
  }
  const other = KEY.replace('MIIE', 'MIIF')

  test('by different values, however often and however packed each is there', async () => {
    const packed = Buffer.from(KEY.repeat(3)).toString('base64')
    assert.equal(await counted(`${KEY}\n${other}\n${KEY}\n${packed}`), 'private-key 2 low')
    assert.equal(await counted(JSON.stringify({ a: TOKEN, b: TOKEN, c: `x ${TOKEN}` })), 'api-token 1 high')
  })

  test('and is as sure as what speaks for it', async () => {
    assert.equal(await counted(CARD), 'payment-card 1 high')
    assert.equal(await counted('4111111111111111\n5555555555554444\n378282246310005\n'), 'payment-card 3 medium')
    assert.equal(await counted(`${CARD}\n5555555555554444\n`), 'payment-card 2 high')
    assert.equal(await counted(KEY.replace('MIIE', 'MIIE'.repeat(10))), 'private-key 1 high')
    assert.equal(await counted('SSN: 078-05-1120'), 'us-ssn 1 medium')
    assert.equal(await counted('api_key = "9fK2mQ8vXc71LbTzWp04RyNd"'), 'secret 1 low')
  })

  test('up to a thousand of a kind', async () => {
    const many = Array.from({ length: 1500 }, (_, at) => `ghp_${String(at).padStart(36, 'a')}`).join('\n')
    assert.equal(await counted(many), 'api-token 1000 high')
  })
})

suite('what a body holds is found', () => {
  for (const [what, body, expected] of [
    ['a card beside its word', CARD, 'payment-card'],
    ['three cards in a list', '4111111111111111\n5555555555554444\n378282246310005\n', 'payment-card'],
    ['an IBAN in groups', 'to DE89 3704 0044 0532 0130 00 please', 'iban'],
    ['an IBAN in a piece', 'iban=GB82WEST12345698765432', 'iban'],
    ['a social security number', 'SSN: 078-05-1120', 'us-ssn'],
    ['a private key', KEY, 'private-key'],
    ['a key of a cloud', `aws_access_key_id = ${AWS}`, 'cloud-key'],
    ['a token', `Authorization: token ${TOKEN}`, 'api-token'],
    ['a secret that is assigned', 'api_key = "9fK2mQ8vXc71LbTzWp04RyNd"', 'secret'],
    ['a binary', '\x7fELF\x02\x01\x01', 'executable'],
    ['a program of Windows', `MZ${'\0'.repeat(58)}\x80\0\0\0${'\0'.repeat(64)}PE\0\0L\x01`, 'executable'],
    ['JSON with escapes', JSON.stringify({ a: KEY }), 'private-key'],
    ['a key in base64 in JSON', JSON.stringify({ a: Buffer.from(KEY.repeat(3)).toString('base64') }), 'private-key'],
    ['base64 in lines', Buffer.from(KEY.repeat(5)).toString('base64').replace(/.{76}/g, '$&\r\n'), 'private-key'],
    ['base64 in base64', Buffer.from(Buffer.from(KEY.repeat(3)).toString('base64')).toString('base64'), 'private-key'],
    ['a form with escapes', `a=${encodeURIComponent(KEY)}`, 'private-key'],
    ['a gzip file', gzipSync(KEY), 'archive private-key'],
    ['a document in a zip', zip('word/document.xml', `<w:t>${CARD}</w:t>`), 'archive payment-card'],
    ['a zip in base64', zip('a.txt', KEY).toString('base64'), 'archive private-key'],
    [
      'a zip in a form',
      `--b\r\nContent-Type: application/zip\r\n\r\n${zip('a.txt', KEY).toString('latin1')}\r\n--b--\r\n`,
      'archive private-key',
    ],
  ] as const) {
    test(what, async () => assert.equal(await scan(body as string), expected))
  }

  test('under every coding of content, and several of them', async () => {
    assert.equal(await scan(gzipSync(KEY), 'gzip'), 'private-key')
    assert.equal(await scan(brotliCompressSync(KEY), 'br'), 'private-key')
    assert.equal(await scan(zstdCompressSync(KEY), 'zstd'), 'private-key')
    assert.equal(await scan(gzipSync(brotliCompressSync(KEY)), 'br', 'gzip'), 'private-key')
  })

  test('in a real archive of source', async () => {
    const tar = execFileSync('tar', ['-cz', '-C', new URL('../src', import.meta.url).pathname, 'content'], {
      maxBuffer: 2 ** 24,
    })
    assert.match(await scan(tar), /^archive/)
  })
})

suite('what a body does not hold is not', () => {
  for (const [what, body] of [
    ['a number that is no card', 'card 4111 1111 1111 1112'],
    ['one card number among others', 'id 4111111111111111'],
    ['a card of one digit', 'card 0000000000000000'],
    ['a telephone number', 'call +49 89 1234567890'],
    ['an IBAN with a wrong digit', 'DE89 3704 0044 0532 0130 01'],
    ['a number like a social security number', 'part 078-05-1120'],
    ['a public key', '-----BEGIN PUBLIC KEY-----'],
    ['a hash', 'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=='],
    ['a password that is a word', 'password: "change-me-please-now"'],
    ['a picture', '\x89PNG\r\n\x1a\n'],
    ['a text that begins like a program of Windows', 'MZ'.padEnd(200, ' and so on')],
  ] as const) {
    test(what, async () => assert.equal(await scan(body), ''))
  }
})

test('what cannot be read is said to be opaque', async () => {
  assert.match(await scan('not gzip', 'gzip'), /^opaque: content coding gzip$/)
  assert.match(await scan('x', 'compress'), /^opaque: content coding compress$/)
  const encrypted = zip('a', KEY)
  encrypted.writeUInt16LE(1, 6)
  assert.equal(await scan(encrypted), 'archive opaque: an encrypted entry of a zip')
  const bomb = gzipSync(Buffer.alloc(80 * 2 ** 20))
  assert.equal(await scan(bomb, 'gzip'), 'opaque: content coding gzip')
})

test('entries that hold nothing count for what it costs to unpack them', async () => {
  const empty = (entries: number): Buffer => Buffer.concat(Array.from({ length: entries }, () => zip('a', '')))
  const opaque = async (entries: number): Promise<string | null> =>
    (await scanContent(empty(entries), [], { unpackedBytes: 2 ** 20, depth: 4 })).opaque
  assert.equal(await opaque(500), null)
  assert.equal(await opaque(513), 'an entry of a zip')
})

test('no body makes the scan throw, or take long', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('', 'PK\x03\x04', '\x1f\x8b\x08', KEY),
      async (octets, head) => {
        await scanContent(Buffer.concat([Buffer.from(head, 'latin1'), octets]), [], DEFAULT_SCAN_LIMITS)
      },
    ),
    { numRuns: 300 },
  )
  await scanContent(randomBytes(2 ** 20), [], DEFAULT_SCAN_LIMITS)
  await scanContent(Buffer.from('4'.repeat(2 ** 20)), [], DEFAULT_SCAN_LIMITS)
  await scanContent(Buffer.from('A'.repeat(2 ** 20)), [], DEFAULT_SCAN_LIMITS)
  await scanContent(Buffer.from('1234 '.repeat(2 ** 18)), [], DEFAULT_SCAN_LIMITS)
})

test('check digits', () => {
  for (const card of ['4012888888881881', '5105105105105100', '6011111111111117', '3530111333300000', '30569309025904'])
    assert.ok(isCardNumber(card))
  for (const iban of ['FR14 2004 1010 0505 0001 3M02 606', 'CH93 0076 2011 6238 5295 7', 'NO9386011117947'])
    assert.ok(isIban(iban), iban)
})
