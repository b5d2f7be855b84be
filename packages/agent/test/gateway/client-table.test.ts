import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressFromBytes, formatPrefix, isPrefix, parseAddress, parsePrefix, type Prefix } from '@sallyport/net'
import { buildClientTable, type ClientTable } from '../../src/gateway/client-table.ts'
import { parseClients } from '../../src/gateway/clients-file.ts'

const prefix = (text: string): Prefix => {
  const found = parsePrefix(text)
  assert.ok(isPrefix(found))
  return found
}
const MAC = Uint8Array.of(2, 0, 0x5e, 0, 0x53, 1)
const NETWORKS = { all: ['10.0.0.0/16', 'fd00::/64'].map(prefix), onLink: ['10.0.0.0/24', 'fd00::/64'].map(prefix) }

/** The source of the longest prefix, as the kernel finds it. */
function lookUp({ sources }: ClientTable, text: string): string {
  const wanted = parseAddress(text)!
  let best: { length: number; at: number } | null = null
  for (let at = 0; at < sources.values.length; at++) {
    const key = sources.keys.subarray(at * 20, at * 20 + 20)
    const length = new DataView(key.buffer, key.byteOffset).getUint32(0, true)
    const address = addressFromBytes(key.slice(4))!
    const holds = formatPrefix({ address, length }) === formatPrefix({ address: mask(wanted, length), length })
    if (holds && (best === null || length > best.length)) best = { length, at }
  }
  const source = best === null ? null : sources.values[best.at]
  return source ? `network ${source.network} client ${source.client}${source.mac ? ' mac' : ''}` : 'none'
}

function mask({ words }: Prefix['address'], length: number): Prefix['address'] {
  const masked = words.map((word, at) => {
    const bits = Math.max(0, Math.min(32, length - at * 32))
    return bits === 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0
  })
  return { words: masked as unknown as Prefix['address']['words'] }
}

const ENTRIES = parseClients(
  'clients:\n  - { address: 10.0.1.0/24, tags: [guest] }\n  - { address: 10.0.1.7, mac: "02:00:5e:00:53:01", user: ann }\n' +
    '  - { hostname: Build-3, tags: [ci] }\n  - { mac: "02-00-5E-00-53-01", device: phone }\n',
  'clients.yaml',
)

test('the longest prefix says who it is; what is in no guarded network is nobody’s', () => {
  const table = buildClientTable(NETWORKS, ENTRIES, [], [])
  assert.equal(lookUp(table, '10.0.1.6'), 'network 0 client 1')
  assert.equal(lookUp(table, '10.0.1.7'), 'network 0 client 2 mac')
  assert.equal(lookUp(table, '10.0.2.1'), 'network 0 client 0')
  assert.equal(lookUp(table, '10.1.0.1'), 'none')
  assert.equal(lookUp(table, 'fd00::7'), 'network 0 client 0')
  assert.equal(lookUp(table, 'fd01::7'), 'none')
  assert.deepEqual(table.stations, [{ mac: MAC, client: 4 }])
})

test('a lease makes an address that of a client by name or hardware address; off the link its frames are a router’s', () => {
  const lease = (address: string, hostname: string | null) => ({ address: parseAddress(address)!, mac: MAC, hostname })
  const table = buildClientTable(
    NETWORKS,
    ENTRIES.filter(({ mac }) => mac === null),
    [lease('10.0.0.9', 'build-3'), lease('10.0.3.9', 'build-3'), lease('10.0.0.10', null)],
    [],
  )
  assert.equal(lookUp(table, '10.0.0.9'), 'network 0 client 2 mac')
  assert.equal(lookUp(table, '10.0.3.9'), 'network 0 client 2')
  assert.equal(lookUp(table, '10.0.0.10'), 'network 0 client 0')
  const byMac = buildClientTable(NETWORKS, ENTRIES, [lease('10.0.0.10', null)], [])
  assert.equal(lookUp(byMac, '10.0.0.10'), 'network 0 client 4 mac')
})

test('networks that the policy tells apart have a number, and an address that stands for them', () => {
  const told = ['10.0.0.0/25', '10.0.0.0/24', '192.0.2.0/24', '10.0.0.0/8'].map(prefix)
  const { networks, ...table } = buildClientTable(NETWORKS, [], [], told)
  const numbers = ['10.0.0.1', '10.0.0.200', '10.0.9.1'].map((text) => lookUp({ networks, ...table }, text))
  assert.equal(new Set(numbers).size, 3)
  for (const text of numbers) assert.doesNotMatch(text, /none|network 0/)
  assert.equal(networks.length, 3)
})

test('a file of clients with an error says where, and is not taken', () => {
  for (const [text, says] of [
    ['clients: [{ user: ann }]', /clients\.0: has neither/],
    ['clients: [{ address: 10.0.0.300, user: ann }]', /clients\.0\.address/],
    ['clients: [{ mac: "02:00", user: ann }]', /clients\.0\.mac/],
    ['clients: [{ address: 10.0.0.1, usr: ann }]', /usr/],
    ['clients: [{ address: 10.0.0.1 }, { address: 10.0.0.1 }]', /twice/],
    ['clients: [', /clients\.yaml/],
    ['', /clients\.yaml/],
  ] as const)
    assert.throws(() => parseClients(text, 'clients.yaml'), says)
})
