import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { officePolicy, readMetric, readRecorded } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, startGateway } from './guarded-network.ts'
import { needsRoot, type Lab, type Started } from './open-lab.ts'

const SINK = fileURLToPath(new URL('../e2e/sink.py', import.meta.url))
const V4 = 'http://198.51.100.10:9000/'
const V6 = 'http://[2001:db8:1::10]:9000/'
const SERVER = "to: [198.51.100.10, '2001:db8:1::10']"
const MEGABYTE = 1_000_000

suite('limits of rules at a gateway', { skip: needsRoot }, () => {
  let lab: Lab
  let gateway: Started
  before(async () => {
    lab = await openGuardedNetwork()
    writeFileSync(join(lab.directory, 'big'), Buffer.alloc(3 * MEGABYTE))
    writeFileSync(join(lab.directory, 'small'), Buffer.alloc(10_000))
    writeFileSync(join(lab.directory, 'taken'), '')
    const gives = String(3 * MEGABYTE)
    for (const [host, port, ...more] of [
      ['198.51.100.10', '9000'],
      ['2001:db8:1::10', '9000'],
      ['198.51.100.10', '9001', gives],
    ] as const)
      lab.start('world', ['python3', SINK, join(lab.directory, 'taken'), host, port, ...more])
    await taken(3)
    gateway = await start()
  })
  after(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    await lab?.[Symbol.asyncDispose]()
  })

  const start = (): Promise<Started> => startGateway(lab, ['--report', 'flows.jsonl', '--metrics', '127.0.0.1:9100'])
  /** What servers have noted, when it is at least so much; then it is forgotten. */
  const taken = async (least: number): Promise<readonly string[]> => {
    const path = join(lab.directory, 'taken')
    const noted = (): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean)
    await eventually(() => noted().length >= least, `${least} noted`)
    const all = noted()
    writeFileSync(path, '')
    return all
  }
  const under = async (...rules: readonly string[]): Promise<void> => {
    const files = [{ file: 'office.yaml', text: officePolicy(...rules) }]
    await askSallyport(lab, 'router', '/apply', { files, mode: 'enforce', author: 'lab' })
  }
  /** How curl ended. */
  const upload = async (file: string, to = V4): Promise<number | null> =>
    (await lab.run('client', ['curl', '-sS', '-m', '20', '-H', 'Expect:', '-o', '/dev/null', '-T', file, to])).status
  const octetsOf = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0)
  const isAllBut = (octets: number, limit: number): boolean => octets <= limit && octets > 0.9 * limit

  test('an upload ends at once where the limit is, both ends are told, and no new connection begins, by IPv4 or IPv6', async () => {
    await under(`id: some, action: allow, ${SERVER}, limit: { bytesOut: 1MB }`)
    const over = await readMetric(lab, 'sallyport_gateway_over_limit_total{limit="bytesOut"}')
    assert.ok([55, 56].includes((await upload('big'))!))
    const [first] = await taken(1)
    assert.ok(isAllBut(octetsOf([first!]), MEGABYTE), String(first))
    assert.equal(first!.split(' ')[1], 'reset')
    assert.deepEqual([await upload('small'), await upload('small', V6)], [7, 7])
    const told = (): number =>
      readRecorded(lab).filter(({ verdict }) => verdict?.reason === 'limit-bytes-out' && verdict.rule === 'some').length
    await eventually(() => told() === 3, 'three flows recorded')
    assert.equal(await readMetric(lab, 'sallyport_gateway_over_limit_total{limit="bytesOut"}'), over + 3)
  })

  test('a download ends where the limit is', async () => {
    await under(`id: down, action: allow, ${SERVER}, limit: { bytesIn: 1MB }`)
    const got = join(lab.directory, 'got')
    const { status } = await lab.run('client', ['curl', '-sS', '-m', '20', '-o', got, 'http://198.51.100.10:9001/'])
    assert.equal(status, 56)
    assert.ok(isAllBut(readFileSync(got).length, MEGABYTE))
    assert.equal((await taken(1))[0]!.split(' ')[1], 'reset')
    assert.equal(await upload('small'), 7)
  })

  test('a flow that its first bytes have decided counts with them, those that were held too', async () => {
    await under(`id: http, action: allow, ${SERVER}, protocol: http, limit: { bytesOut: 1MB, connections: 3 }`)
    assert.equal(await upload('small', V6), 0)
    assert.ok(octetsOf(await taken(1)) > 10_000)
    assert.ok([55, 56].includes((await upload('big'))!))
    const octets = octetsOf(await taken(1))
    assert.ok(isAllBut(octets + 10_000, MEGABYTE), String(octets))
    // What is held is judged before anything has left.
    assert.equal(await upload('small'), 56)
    assert.deepEqual(
      (await taken(1)).map((line) => Number(line.split(' ')[0])),
      [0],
    )
  })

  test('fragments of one datagram count with it', async () => {
    await under(`id: some, action: allow, ${SERVER}, limit: { bytesOut: 20kB }`)
    const send = `import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(9): s.sendto(b"x" * 4000, ("198.51.100.10", 9000))`
    await lab.run('client', ['python3', '-c', send])
    assert.ok(octetsOf(await taken(4)) <= 20_000)
  })

  test('what fills up a small frame does not count', async () => {
    await under(`id: some, action: allow, ${SERVER}, limit: { bytesOut: 40 }`)
    await lab.run('client', ['python3', '-c', PADDED])
    const datagrams = await taken(40)
    assert.deepEqual([datagrams.length, octetsOf(datagrams)], [40, 40])
  })

  test('connections count once each, and are given back when their span is over', async () => {
    await under(`id: some, action: allow, ${SERVER}, limit: { connections: 2/2s }`)
    const tries = [await upload('small'), await upload('small', V6), await upload('small')]
    assert.deepEqual(tries, [0, 0, 7])
    await eventually(async () => (await upload('small')) === 0, 'the span is over')
    await taken(3)
  })

  test('what was used counts on when the gateway is killed, and under the next one', async () => {
    await under(`id: some, action: allow, ${SERVER}, limit: { bytesOut: 500kB }`)
    assert.equal(await upload('small'), 0)
    gateway.child.kill('SIGKILL')
    await gateway.ended
    // The table answers the client, whose answer to its server ends the other side.
    assert.ok([55, 56].includes((await upload('big'))!))
    assert.equal(await upload('small'), 7)
    gateway = await start()
    assert.equal(await upload('small'), 7)
    assert.ok(isAllBut(octetsOf(await taken(2)), 500_000))
  })
})

/** Fifty datagrams of one octet, in frames of Ethernet's least length. */
const PADDED = `
import socket, struct
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(('198.51.100.10', 9))
router = next(line.split()[3] for line in open('/proc/net/arp') if line.startswith('10.77.0.1 '))
head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 29, 7, 0, 64, 17, 0, socket.inet_aton('10.77.0.10'), socket.inet_aton('198.51.100.10'))
total = sum(struct.unpack('!10H', head))
head = head[:10] + struct.pack('!H', ~((total & 0xffff) + (total >> 16)) & 0xffff) + head[12:]
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(('lan', 0x800))
ends = bytes.fromhex(router.replace(':', '')) + link.getsockname()[4]
frame = ends + struct.pack('!H', 0x800) + head + struct.pack('!HHHH', 4000, 9000, 9, 0) + b'x'
for _ in range(50):
    link.send(frame.ljust(60, b'\\0'))
`
