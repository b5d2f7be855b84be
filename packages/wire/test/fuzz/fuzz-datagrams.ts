import { startIdentification } from '@sallyport/wire'
import { helloWith, serverName } from '../identify/hello-bytes.ts'
import { nodeCrypto } from '../identify/node-crypto.ts'
import { cryptoFrame, sealedInitial, VERSION_1 } from '../identify/sealed-initial.fixture.ts'
import { octets, type Random } from './random.ts'
import type { Fuzzer } from './run-fuzzer.ts'

const zeros = (count: number): string => '\0'.repeat(count)
const hello = helloWith([serverName('a.example')]).subarray(5)
const length = [0, 0, hello.length]
const DATAGRAMS: readonly Uint8Array[] = [
  Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 7, ...octets('example'), 0, 0, 1, 0, 1),
  Uint8Array.from([
    22,
    0xfe,
    0xfd,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    12 + hello.length,
    1,
    ...length,
    0,
    0,
    0,
    0,
    0,
    ...length,
    ...hello,
  ]),
  octets(`\0\x01\0\0\x21\x12\xa4\x42${'t'.repeat(12)}`),
  octets(`\x01\0\0\0${zeros(144)}`),
  octets('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe'),
  octets(`\0\0\x04\x17\x27\x10\x19\x80${zeros(4)}abcd`),
  octets('M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n'),
  octets('REGISTER sip:a.example SIP/2.0\r\nVia: SIP/2.0/UDP b\r\n\r\n'),
  octets(`${'i'.repeat(8)}${zeros(8)}\x21\x20\x22\x08\0\0\0\0\0\0\0\x40${'p'.repeat(36)}`),
  octets(
    '0\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x04abcd\x02\x01\0\x02\x01\0\x30\x0b\x30\x09\x06\x05\x2b\x06\x01\x02\x01\x05\0',
  ),
  octets(`\x23${zeros(47)}`),
  octets(`\x01\x07\0\x1c${'a'.repeat(16)}\x01\x08abcdef`),
  octets('\0\x01file.txt\0octet\0'),
  octets('<34>Oct 11 22:14:15 host su: x'),
  octets(`\x38abcdefgh${zeros(5)}`),
  octets(`\x41\0\x10\x01${zeros(8)}\0\x10\0\0\0\x01\0\0`),
  octets(`\x80\xc8\0\x06ssrc${zeros(20)}\x81\xca\0\x02ssrc\x01\x01a\0`),
  octets('\x40\x01\0\x01\xb4test\xff'),
]

/** Datagrams of an exchange, one after another, in both directions. */
export const fuzzDatagrams: Fuzzer = {
  corpus: () => DATAGRAMS,
  parse(bytes, random) {
    const identifier = startIdentification({ transport: 'udp', ciphers: nodeCrypto })
    for (let times = 1 + random(4); times > 0; times--) {
      const other = DATAGRAMS[random(DATAGRAMS.length)]!
      identifier.push(random(2) === 0 ? 'client' : 'server', random(3) === 0 ? other : bytes)
    }
    return identifier.finish().state === 'identified'
  },
}

/** Frames inside an Initial whose seal holds: what only a peer, and not a middle box, could have damaged. */
export const fuzzQuic: Fuzzer = {
  corpus: () => [
    cryptoFrame(hello),
    Uint8Array.from([...cryptoFrame(hello.subarray(20), 6, 20), 1, ...cryptoFrame(hello.subarray(0, 20))]),
    Uint8Array.from([2, 0, 0, 0, 0, ...cryptoFrame(hello)]),
    Uint8Array.from([3, 0, 0, 1, 0, 0, 0, 1, 2, 3, ...cryptoFrame(hello)]),
  ],
  wrap: (frames: Uint8Array, random: Random) => {
    const packet = sealedInitial(VERSION_1, frames.subarray(0, 16_000))
    return random(4) === 0 ? Uint8Array.from([...packet, ...packet]) : packet
  },
  parse(bytes) {
    const identifier = startIdentification({ transport: 'udp', ciphers: nodeCrypto })
    identifier.push('client', bytes)
    const answer = identifier.finish()
    return answer.state === 'identified' && answer.name !== null
  },
}
