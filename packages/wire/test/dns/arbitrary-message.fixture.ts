import fc from 'fast-check'
import type { Header, Message, Question, ResourceRecord } from '../../src/dns/message.ts'
import type { WireName } from '../../src/dns/name.ts'
import { CLASS_IN, TYPE } from '../../src/dns/numbers.ts'
import type { RecordData } from '../../src/dns/rdata.ts'
import type { SvcParam } from '../../src/dns/svcb.ts'

// Plain objects, as the parser makes them: deepEqual tells prototypes apart.
const record = <Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }): fc.Arbitrary<Model> =>
  fc.record<Model>(model, { noNullPrototype: true })

const u8: fc.Arbitrary<number> = fc.nat(255)
const u16: fc.Arbitrary<number> = fc.nat(65535)
const u32: fc.Arbitrary<number> = fc.nat(4294967295)
const octets = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength })
const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(u8, { minLength, maxLength }).map((codes) => String.fromCharCode(...codes))

const label: fc.Arbitrary<string> = fc.oneof(fc.constantFrom('example', 'Example', 'com', 'www', '_tcp'), text(1, 12))
export const arbitraryName: fc.Arbitrary<WireName> = record({ labels: fc.array(label, { maxLength: 5 }) })

const svcParams: fc.Arbitrary<SvcParam[]> = fc
  .tuple(
    fc.option(record({ kind: fc.constant('mandatory' as const), keys: fc.array(u16, { minLength: 1 }) })),
    fc.option(record({ kind: fc.constant('alpn' as const), protocols: fc.array(text(1, 8), { minLength: 1 }) })),
    fc.option(record({ kind: fc.constant('port' as const), port: u16 })),
    fc.option(record({ kind: fc.constant('ipv4hint' as const), addresses: fc.array(exactly(4), { minLength: 1 }) })),
    fc.option(record({ kind: fc.constant('ech' as const), config: octets(40) })),
    fc.option(record({ kind: fc.constant('ipv6hint' as const), addresses: fc.array(exactly(16), { minLength: 1 }) })),
    fc.option(
      record({ kind: fc.constant('raw' as const), key: fc.integer({ min: 7, max: 65535 }), value: octets(20) }),
    ),
  )
  .map((params) => params.filter((param) => param !== null))

const DATA: readonly (readonly [readonly number[], fc.Arbitrary<RecordData>])[] = [
  [[TYPE.A], record({ kind: fc.constant('address' as const), octets: exactly(4) })],
  [[TYPE.AAAA], record({ kind: fc.constant('address' as const), octets: exactly(16) })],
  [[TYPE.CNAME, TYPE.NS, TYPE.PTR, TYPE.DNAME], record({ kind: fc.constant('name' as const), name: arbitraryName })],
  [
    [TYPE.SOA],
    record({
      kind: fc.constant('soa' as const),
      primary: arbitraryName,
      mailbox: arbitraryName,
      serial: u32,
      refresh: u32,
      retry: u32,
      expire: u32,
      minimum: u32,
    }),
  ],
  [[TYPE.MX], record({ kind: fc.constant('mx' as const), preference: u16, exchange: arbitraryName })],
  [[TYPE.TXT], record({ kind: fc.constant('txt' as const), strings: fc.array(text(0, 255), { maxLength: 3 }) })],
  [
    [TYPE.SRV],
    record({ kind: fc.constant('srv' as const), priority: u16, weight: u16, port: u16, target: arbitraryName }),
  ],
  [
    [TYPE.SVCB, TYPE.HTTPS],
    record({ kind: fc.constant('svcb' as const), priority: u16, target: arbitraryName, params: svcParams }),
  ],
  [
    [TYPE.OPT],
    record({
      kind: fc.constant('opt' as const),
      options: fc.array(record({ code: u16, value: octets(30) }), { maxLength: 3 }),
    }),
  ],
  [[TYPE.RRSIG, 257, 65280], record({ kind: fc.constant('raw' as const), octets: octets(60) })],
]

const arbitraryRecord: fc.Arbitrary<ResourceRecord> = fc.oneof(
  ...DATA.map(([types, data]) =>
    record({ name: arbitraryName, type: fc.constantFrom(...types), class: fc.constant(CLASS_IN), ttl: u32, data }),
  ),
)

const arbitraryHeader: fc.Arbitrary<Header> = record({
  id: u16,
  response: fc.boolean(),
  opcode: fc.nat(15),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  authenticData: fc.boolean(),
  checkingDisabled: fc.boolean(),
  rcode: fc.nat(15),
})

const arbitraryQuestion: fc.Arbitrary<Question> = record({ name: arbitraryName, type: u16, class: u16 })

export const arbitraryMessage: fc.Arbitrary<Message> = record({
  header: arbitraryHeader,
  questions: fc.array(arbitraryQuestion, { maxLength: 2 }),
  answers: fc.array(arbitraryRecord, { maxLength: 5 }),
  authorities: fc.array(arbitraryRecord, { maxLength: 3 }),
  additionals: fc.array(arbitraryRecord, { maxLength: 3 }),
})
