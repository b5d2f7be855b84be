import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { NamespaceHandshakes, type Finding, type HeldPacket } from '../../src/index.ts'

const CLIENT = [10, 0, 0, 1] as const
const SERVER = [10, 0, 0, 2] as const
const [SYN, ACK] = [2, 16] as const

/** IPv4 without checksums, which nobody here reads. */
function packet(transport: 6 | 17, fromServer: boolean, head: readonly number[], octets: number): Uint8Array {
  const [src, dst] = fromServer ? [SERVER, CLIENT] : [CLIENT, SERVER]
  const ports = fromServer ? [1, 187, 100, 0] : [100, 0, 1, 187]
  return Uint8Array.of(
    0x45,
    ...Array(8).fill(0),
    transport,
    0,
    0,
    ...src,
    ...dst,
    ...ports,
    ...head,
    ...Array(octets).fill(7),
  )
}
const tcp = (seq: number, flags: number, octets: number, fromServer = false): Uint8Array =>
  packet(6, fromServer, [0, 0, seq >> 8, seq & 0xff, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0], octets)
const udp = (octets: number): Uint8Array => packet(17, false, [0, 0, 0, 0], octets)

suite('flows of a namespace that wait', () => {
  let answers: string[] = []
  let read: HeldPacket[] = []
  let flows: NamespaceHandshakes<string>
  let left = 0
  beforeEach(() => {
    answers = []
    read = []
    left = 100
    const spend = (_: number, which: 'bytesIn' | 'bytesOut', octets: number): 'bytesIn' | 'bytesOut' | null =>
      octets <= left ? ((left -= octets), null) : which
    flows = new NamespaceHandshakes<string>({ begin: () => null, spend }, (facts, limit) =>
      answers.push(`${facts} over ${limit}`),
    )
    flows.attach({
      answer: (id, answer) => answers.push(`${id} ${answer}`),
      close: ({ src, srcPort }) => answers.push(`close ${src.join('.')} ${srcPort}`),
      renew: (generation) => answers.push(`renew ${generation}`),
    })
    flows.read(
      (held) => read.push(held),
      () => {},
    )
  })
  const found = (more: Partial<Finding>): void =>
    flows.find(read.at(-1)!.key, {
      generation: 0,
      verdict: 'allow',
      mode: 'enforce',
      how: 'reject',
      trusted: true,
      ech: false,
      protocol: 'tls',
      name: '',
      limitedRule: null,
      ...more,
    })

  test('a SYN leaves, the octets behind it are read', () => {
    flows.await(tcp(9, SYN, 0), 'a', 'facts')
    flows.fromClient(1, tcp(9, SYN, 0))
    flows.fromClient(2, tcp(10, ACK, 5))
    assert.deepEqual([answers, read.map(({ id }) => id)], [['1 await'], [2]])
    assert.equal(flows.ticket(read[0]!.key)?.first, 10)
  })

  test('a SYN with octets does not leave', () => {
    flows.await(tcp(9, SYN, 5), 'a', 'facts')
    flows.fromClient(1, tcp(9, SYN, 5))
    assert.deepEqual([answers, read], [['1 drop'], []])
  })

  test('a second SYN is the same connection with the same number, and another with another', () => {
    flows.await(tcp(9, SYN, 0), 'a', 'facts')
    assert.equal(flows.knows(tcp(9, SYN, 0), 'a'), true)
    assert.equal(flows.knows(tcp(10, ACK, 3), null), true)
    assert.equal(flows.knows(tcp(99, SYN, 0), 'a'), false)
  })

  test('datagrams of another socket are another flow', () => {
    flows.await(udp(5), 'a', 'facts')
    assert.deepEqual(
      [flows.knows(udp(6), 'a'), flows.knows(udp(6), 'b'), flows.knows(udp(6), null)],
      [true, false, false],
    )
  })

  test('a server is heard so far, then comes in unasked, and one that nobody awaits does not', () => {
    flows.fromServer(1, tcp(1, ACK, 5, true))
    flows.await(tcp(9, SYN, 0), 'a', 'facts')
    flows.fromServer(2, tcp(1, ACK, 5, true))
    flows.fromServer(3, tcp(6, ACK, 40_000, true))
    assert.deepEqual(answers, ['1 drop', '2 pass', '3 deaf'])
  })

  test('a refused connection ends for both, a refused datagram is answered', () => {
    flows.reject(1, tcp(9, SYN, 0))
    flows.reject(2, tcp(9, ACK, 1))
    flows.reject(3, udp(1))
    assert.deepEqual(answers, ['1 reject', '2 drop', 'close 10.0.0.1 25600', '3 reject'])
  })

  test('under another policy a finding is of an earlier one', () => {
    flows.await(tcp(9, SYN, 0), 'a', 'facts')
    flows.fromClient(1, tcp(10, ACK, 5))
    found({})
    flows.renew()
    const { key } = read[0]!
    assert.deepEqual([answers, flows.ticket(key)?.generation, flows.finding(key)?.generation], [['renew 1'], 1, 0])
  })

  test('what a rule with a limit lets through is counted both ways, and ends where nothing is left', () => {
    flows.await(tcp(9, SYN, 0), 'a', 'facts')
    flows.fromClient(1, tcp(10, ACK, 30))
    assert.equal(flows.charge([1], { generation: 0, rule: 3, isKnown: false }), null)
    found({ limitedRule: 3 })
    flows.release([1])
    flows.counted.later(2, tcp(1, ACK, 0, true), 40 + 60, 'server')
    flows.counted.later(3, tcp(40, ACK, 0), 40 + 20, 'client')
    flows.counted.later(4, tcp(40, ACK, 0), 40 + 1, 'client')
    const over = ['facts over bytesOut', '3 drop', 'close 10.0.0.1 25600', '4 drop', 'close 10.0.0.1 25600']
    assert.deepEqual(answers, ['1 count', '2 pass', ...over])
  })

  test('what is only watched goes on, and octets of nobody do not', () => {
    flows.counted.first(1, udp(60), { rule: 3, isMonitored: true, facts: 'facts' })
    flows.counted.later(2, udp(0), 28 + 60, 'client')
    flows.counted.later(3, tcp(1, ACK, 0), 50, 'client')
    assert.deepEqual(answers, ['1 count', 'facts over bytesOut', '2 pass', '3 drop', 'close 10.0.0.1 25600'])
  })
})
