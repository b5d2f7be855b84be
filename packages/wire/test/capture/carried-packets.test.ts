import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FlowTable } from '@sallyport/wire'
import { nodeCrypto } from '../identify/node-crypto.ts'

const octets = (text: string): number[] => [...text].map((char) => char.charCodeAt(0))
const hex = (text: string): number[] => [...Buffer.from(text.replaceAll(' ', ''), 'hex')]
const u16 = (value: number): number[] => [value >> 8, value & 255]
const zeros = (count: number): number[] => new Array<number>(count).fill(0)

const QUESTION = [...hex('1234 0100 0001 0000 0000 0000'), 1, 0x61, 4, ...octets('test'), ...hex('00 0001 0001')]

function udp(payload: readonly number[], from: number, to: number): number[] {
  return [...u16(from), ...u16(to), ...u16(8 + payload.length), 0, 0, ...payload]
}
function ipv4(payload: readonly number[], protocol: number): number[] {
  return [0x45, 0, ...u16(20 + payload.length), 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, ...payload]
}
const IP = ipv4(udp(QUESTION, 5000, 5353), 17)
const MACS = hex('020000000002 020000000001')
const ETHERNET = [...MACS, 8, 0, ...IP]
const SNAP = [...hex('aaaa03 000000 0800'), ...IP]
const inEthernet = (type: string, payload: readonly number[]): number[] => [...MACS, ...hex(type), ...payload]
const inUdp = (port: number, payload: readonly number[]): number[] => ipv4(udp(payload, 33_333, port), 17)

function protocolsIn(linkType: number, frame: readonly number[]): string[] {
  const table = new FlowTable(nodeCrypto)
  table.add({ linkType, timeMs: 0, bytes: Uint8Array.from(frame) })
  return table.finish().map(({ answer, server }) => `${answer.state === 'identified' ? answer.name : '-'} ${server}`)
}

const FOUND = ['a.test 192.0.2.2:5353']

suite('a packet is found whatever carries it', () => {
  const frames: Readonly<Record<string, readonly [number, readonly number[]]>> = {
    Ethernet: [1, ETHERNET],
    'one tag of a VLAN': [1, inEthernet('8100 0005 0800', IP)],
    'two tags': [1, inEthernet('88a8 0005 8100 0006 0800', IP)],
    'tags of an older kind': [1, inEthernet('9200 0005 8100 0006 0800', IP)],
    '802.3 with SNAP': [1, inEthernet('0040', SNAP)],
    'MPLS, two labels': [1, inEthernet('8847 00010040 00020140', IP)],
    'MPLS for many': [1, inEthernet('8848 00020140', IP)],
    'Ethernet over MPLS': [1, inEthernet('8847 00020140', ETHERNET)],
    'Ethernet over MPLS with a control word': [1, inEthernet('8847 00020140 00000000', ETHERNET)],
    PPPoE: [1, inEthernet('8864 11000001 0030 0021', IP)],
    'PPP in frames of HDLC': [50, [...hex('ff03 0021'), ...IP]],
    "Cisco's HDLC": [104, [...hex('0f00 0800'), ...IP]],
    'Linux cooked': [113, [...hex('0000 0001 0006 020000000001 0000 0800'), ...IP]],
    'Linux cooked 2 with a tag': [276, [...hex('8100 0000 00000001 0001 00 06 020000000001 0000 0005 0800'), ...IP]],
    'loopback of a BSD': [0, [...hex('02000000'), ...IP]],
    'wireless, with QoS and a radio header': [127, [...hex('0000 0800 00000000 8801'), ...zeros(24), ...SNAP]],
    wireless: [105, [...hex('0801'), ...zeros(22), ...SNAP]],
    "the log of OpenBSD's filter": [117, [61, 2, ...zeros(62), ...IP]],
    'the log of netfilter': [239, [...hex('02 00 0000 0500 0a00 41000000'), 4 + IP.length, 0, 9, 0, ...IP]],
    'IP in IP': [101, ipv4(IP, 4)],
    GRE: [101, ipv4([...hex('2000 0800 00000001'), ...IP], 47)],
    'Ethernet in GRE': [101, ipv4([...hex('0000 6558'), ...ETHERNET], 47)],
    'ERSPAN 1': [101, ipv4([...hex('0000 88be'), ...ETHERNET], 47)],
    'ERSPAN 2': [101, ipv4([...hex('1000 88be 00000001 10000001 00000001'), ...ETHERNET], 47)],
    'ERSPAN 3': [101, ipv4([...hex('1000 22eb 00000001 20000001 00000000 00000000'), ...ETHERNET], 47)],
    PPTP: [101, ipv4([...hex('3081 880b 0030 0001 00000001 00000002 ff03 0021'), ...IP], 47)],
    VXLAN: [101, inUdp(4789, [...hex('0800 0000 00000100'), ...ETHERNET])],
    GENEVE: [101, inUdp(6081, [...hex('0100 6558 00000100 00000000'), ...ETHERNET])],
    L2TP: [101, inUdp(1701, [...hex('4002 0050 0001 0001 ff03 0021'), ...IP])],
  }
  for (const [what, [linkType, frame]] of Object.entries(frames))
    test(what, () => assert.deepEqual(protocolsIn(linkType, frame), FOUND))

  test('and nothing that is cut short is read beyond its end', () => {
    for (const [what, [linkType, frame]] of Object.entries(frames))
      for (let length = 0; length < frame.length; length++)
        for (const seen of protocolsIn(linkType, frame.slice(0, length))) assert.notEqual(seen, FOUND[0], what)
  })
})

test('what is not in clear, or of another layer, is no packet', () => {
  const protectedFrame = [...hex('0841'), ...zeros(22), ...SNAP]
  const beacon = [...hex('8000'), ...zeros(22), ...SNAP]
  for (const frame of [protectedFrame, beacon]) assert.deepEqual(protocolsIn(105, frame), [])
})
