import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-identify-'))
after(() => rmSync(directory, { recursive: true }))

const u32le = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]

/** A pcap of raw IPv4 with one UDP packet from 192.0.2.1:5000 to 192.0.2.2:443. */
function capture(payload: readonly number[]): Uint8Array {
  const length = 28 + payload.length
  const ip = [0x45, 0, length >> 8, length & 255, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]
  const udp = [0x13, 0x88, 1, 0xbb, 0, 8 + payload.length, 0, 0]
  const head = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, ...u32le(0), ...u32le(0), ...u32le(65535), ...u32le(101)]
  return Uint8Array.from([
    ...head,
    ...u32le(1),
    ...u32le(0),
    ...u32le(length),
    ...u32le(length),
    ...ip,
    ...udp,
    ...payload,
  ])
}

const query = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 7, ...Buffer.from('example'), 0, 0, 1, 0, 1]

test('a flow is named by its bytes: DNS on port 443 is DNS', () => {
  const path = join(directory, 'dns.pcap')
  writeFileSync(path, capture(query))
  const ended = sallyport(['identify', path, '--json'])
  assert.equal(ended.status, 0, ended.stderr)
  const { protocol, name, client, server } = JSON.parse(ended.stdout) as Record<string, unknown>
  assert.deepEqual([protocol, name, client, server], ['dns', 'a.example', '192.0.2.1:5000', '192.0.2.2:443'])
})

test('a file that is no capture, or ends inside a packet, is bad input', () => {
  const text = join(directory, 'text.pcap')
  writeFileSync(text, 'hello, this is text')
  assert.equal(sallyport(['identify', text]).status, 2)
  const cut = join(directory, 'cut.pcap')
  writeFileSync(cut, capture(query).subarray(0, 60))
  const ended = sallyport(['identify', cut])
  assert.equal(ended.status, 2)
  assert.match(ended.stderr, /ends inside a packet at offset 24/)
  assert.equal(sallyport(['identify', join(directory, 'none.pcap')]).status, 2)
})

test('what is packed by gzip or zstd, or comes by the standard input, is read as it is', () => {
  const whole = capture(query)
  const names = (ended: ReturnType<typeof sallyport>): string => {
    assert.equal(ended.status, 0, ended.stderr)
    return String((JSON.parse(ended.stdout) as Record<string, unknown>)['name'])
  }
  for (const [name, pack] of [
    ['dns.pcap.gz', gzipSync],
    ['dns.pcap.zst', zstdCompressSync],
  ] as const) {
    const path = join(directory, name)
    writeFileSync(path, pack(whole))
    assert.equal(names(sallyport(['identify', path, '--json'])), 'a.example')
    assert.equal(names(sallyport(['identify', '-', '--json'], pack(whole))), 'a.example')
  }
  assert.equal(names(sallyport(['identify', '-', '--json'], whole)), 'a.example')
})

test('of what is packed and not whole the flows before the damage are printed, and it is bad input', () => {
  const path = join(directory, 'cut.pcap.gz')
  const next = Uint8Array.from([...u32le(2), ...u32le(0), ...u32le(4096), ...u32le(4096)])
  writeFileSync(path, gzipSync(Buffer.concat([capture(query), next, randomBytes(4096)])).subarray(0, -2000))
  const ended = sallyport(['identify', path])
  assert.equal(ended.status, 2)
  assert.match(ended.stderr, /packed is damaged or not whole at offset \d+/)
  assert.match(ended.stdout, /dns +a\.example/)
})

const data = process.env['SALLYPORT_TEST_DATA']
const folder = data === undefined ? '' : join(data, 'pcap')

test('a real capture is a row for each flow', { skip: !existsSync(folder) && 'SALLYPORT_TEST_DATA is not set' }, () => {
  const ended = sallyport(['identify', join(folder, '443-git.pcap')])
  assert.equal(ended.status, 0, ended.stderr)
  assert.match(ended.stdout, /^tcp +192\.168\.1\.13:55744 +> 140\.82\.114\.4:443 +tls +github\.com +t1\dd/)
})
