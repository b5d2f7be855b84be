import assert from 'node:assert/strict'
import { test } from 'node:test'
import packet from 'dns-packet'
import { buildMessage } from '../../src/dns/build-message.ts'
import { ednsOf } from '../../src/dns/edns.ts'
import { isWireFailure } from '../../src/dns/failure.ts'
import { TYPE } from '../../src/dns/numbers.ts'
import { parseMessage } from '../../src/dns/parse-message.ts'

const records = [
  { type: 'A', name: 'a.example.com', ttl: 60, data: '192.0.2.1' },
  { type: 'AAAA', name: 'a.example.com', ttl: 60, data: '2001:db8::1' },
  { type: 'CNAME', name: 'www.example.com', ttl: 5, data: 'a.example.com' },
  { type: 'NS', name: 'example.com', ttl: 5, data: 'ns1.example.com' },
  { type: 'PTR', name: '1.2.0.192.in-addr.arpa', ttl: 5, data: 'a.example.com' },
  { type: 'MX', name: 'example.com', ttl: 9, data: { preference: 10, exchange: 'mail.example.com' } },
  { type: 'TXT', name: 'example.com', ttl: 9, data: [Buffer.from('v=spf1 -all'), Buffer.from('two')] },
  {
    type: 'SRV',
    name: '_x._tcp.example.com',
    ttl: 9,
    data: { priority: 1, weight: 2, port: 443, target: 'a.example.com' },
  },
  {
    type: 'SOA',
    name: 'example.com',
    ttl: 9,
    data: { mname: 'ns1.example.com', rname: 'h.example.com', serial: 7, refresh: 1, retry: 2, expire: 3, minimum: 4 },
  },
  { type: 'CAA', name: 'example.com', ttl: 9, data: { flags: 0, tag: 'issue', value: 'ca.example' } },
  { type: 'DNAME', name: 'old.example.com', ttl: 9, data: 'new.example.com' },
  { type: 'HINFO', name: 'example.com', ttl: 9, data: { cpu: 'x', os: 'y' } },
  { type: 'NULL', name: 'example.com', ttl: 9, data: Buffer.from([1, 2, 3]) },
  { type: 'RP', name: 'example.com', ttl: 9, data: { mbox: 'a.example.com', txt: 'b.example.com' } },
  { type: 'SSHFP', name: 'example.com', ttl: 9, data: { algorithm: 4, hash: 2, fingerprint: 'ab'.repeat(32) } },
  { type: 'DNSKEY', name: 'example.com', ttl: 9, data: { flags: 257, algorithm: 13, key: Buffer.alloc(64, 7) } },
  {
    type: 'DS',
    name: 'example.com',
    ttl: 9,
    data: { keyTag: 12345, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 5) },
  },
  {
    type: 'RRSIG',
    name: 'example.com',
    ttl: 9,
    data: {
      typeCovered: 'A',
      algorithm: 13,
      labels: 2,
      originalTTL: 300,
      expiration: 1795647301,
      inception: 1795640000,
      keyTag: 12345,
      signersName: 'example.com',
      signature: Buffer.alloc(64, 3),
    },
  },
  {
    type: 'NSEC',
    name: 'a.example.com',
    ttl: 9,
    data: { nextDomain: 'b.example.com', rrtypes: ['A', 'RRSIG', 'NSEC'] },
  },
  {
    type: 'NSEC3',
    name: 'abc.example.com',
    ttl: 9,
    data: {
      algorithm: 1,
      flags: 1,
      iterations: 10,
      salt: Buffer.from('abcd', 'hex'),
      nextDomain: Buffer.alloc(20, 9),
      rrtypes: ['A', 'RRSIG'],
    },
  },
  {
    type: 'NAPTR',
    name: 'example.com',
    ttl: 9,
    data: {
      order: 1,
      preference: 2,
      flags: 's',
      services: 'SIP+D2U',
      regexp: '',
      replacement: '_sip._udp.example.com',
    },
  },
  {
    type: 'TLSA',
    name: '_443._tcp.example.com',
    ttl: 9,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 1) },
  },
] as const

test('every type that dns-packet knows is compared', () => {
  // `record` gives the codec of a type, the same one for all that it does not know.
  const { record } = packet as unknown as { readonly record: (type: string) => unknown }
  const known = Object.keys(TYPE).filter((type) => record(type) !== record('none'))
  assert.ok(known.length > 20)
  const compared = new Set<string>([...records.map(({ type }) => type), 'OPT'])
  assert.deepEqual(
    known.filter((type) => !compared.has(type)),
    [],
  )
})

test('options of EDNS as dns-packet writes them, and dns-packet reads ours', () => {
  const options = [
    { code: 'CLIENT_SUBNET', ip: '192.0.2.0', sourcePrefixLength: 24, family: 1 },
    { code: 'TCP_KEEPALIVE', timeout: 150 },
    { code: 'PADDING', length: 7 },
    { code: 'KEY_TAG', tags: [20326, 38696] },
    { code: 10, data: Buffer.from('2464c4abcf10c957', 'hex') },
  ]
  const theirs = packet.encode({
    type: 'query',
    id: 1,
    questions: [{ type: 'A', name: 'a.example' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0x8000, options } as unknown as packet.Answer],
  })
  const parsed = parseMessage(theirs)
  assert.ok(!isWireFailure(parsed))
  const edns = ednsOf(parsed)
  assert.ok(edns !== null && edns !== 'bad')
  assert.deepEqual(
    edns.options.map(({ code, value }) => [code, value.length]),
    [
      [8, 7],
      [11, 2],
      [12, 7],
      [14, 4],
      [10, 8],
    ],
  )
  assert.deepEqual(packet.decode(Buffer.from(buildMessage(parsed))), packet.decode(theirs))
})

for (const record of records) {
  test(`${record.type} as dns-packet writes it, and dns-packet reads ours`, () => {
    const theirs = packet.encode({
      type: 'response',
      id: 4660,
      flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE,
      questions: [{ type: record.type, name: record.name }],
      answers: [record as unknown as packet.Answer],
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0x8000, options: [] } as unknown as packet.Answer,
      ],
    })
    const parsed = parseMessage(theirs)
    assert.ok(!isWireFailure(parsed), JSON.stringify(parsed))
    const again = packet.decode(Buffer.from(buildMessage(parsed)))
    assert.deepEqual(again, packet.decode(theirs))
  })
}
