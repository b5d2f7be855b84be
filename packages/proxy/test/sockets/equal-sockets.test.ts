import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { AccessRecord } from '@sallyport/proxy'
import { REQUESTS } from '../hostile/requests.fixture.ts'
import { startLab, startUpstream, type Lab, type Upstream } from '../lab.fixture.ts'

const connectTo = (port: number): string => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
const socksTo = (port: number): Buffer => Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255])

type Row = readonly [why: string, send: (port: number) => readonly (string | Uint8Array)[]]

const TUNNELS: readonly Row[] = [
  ['a banner', (port) => [connectTo(port), 'SSH-2.0-a\r\n\r\n']],
  ['a banner with the request', (port) => [`${connectTo(port)}SSH-2.0-a\r\n\r\n`]],
  ['a request of plain HTTP', (port) => [connectTo(port), 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n']],
  ['a request to another host', (port) => [connectTo(port), 'GET http://bad.evil.example/ HTTP/1.1\r\n\r\n']],
  ['octets that mean nothing', (port) => [connectTo(port), '\0\x01\x02\r\n\r\n']],
  ['nothing behind it', (port) => [connectTo(port)]],
  ['SOCKS', (port) => [Uint8Array.from([5, 1, 0]), socksTo(port), 'SSH-2.0-a\r\n\r\n']],
  ['SOCKS in one piece', (port) => [Buffer.concat([Uint8Array.from([5, 1, 0]), socksTo(port)])]],
  ['SOCKS 4', () => [Uint8Array.from([4, 1, 0, 80, 127, 0, 0, 1, 0])]],
  ['TLS to a port for plain HTTP', () => [Uint8Array.from([22, 3, 1, 0, 1, 0])]],
  ['a port that nobody listens on', () => [connectTo(1)]],
  ['a name that a rule denies', () => ['CONNECT bad.evil.example:443 HTTP/1.1\r\n\r\n']],
]

/** What differs from one connection to the next. */
function plain(text: string): string {
  // The port that the connection to the server went out from, in an answer of SOCKS.
  const port = text.indexOf('\x7f\0\0\x01') + 4
  const same = port < 4 ? text : `${text.slice(0, port)}${text.slice(port + 2)}`
  return same
    .replaceAll(/sallyport-[0-9a-f]{8}/g, 'sallyport-…')
    .replaceAll(/\b[0-9a-f]{16}\b/g, '…')
    .replaceAll(/\nDate: [^\r]*/g, '\nDate: …')
}

function plainRecord(record: AccessRecord): object {
  // Whether a kept connection to the server was still there is a matter of time.
  const { time: _t, id: _i, client, durationMs: _d, resolveMs: _r, connectMs: _c, firstByteMs: _f, ...same } = record
  return { ...same, client: client.address }
}

suite('sockets of the loop and of Node', { skip: process.platform === 'linux' ? false : 'on Linux alone' }, () => {
  let labs: readonly [Lab, Lab]
  let upstream: Upstream
  before(async () => {
    labs = [await startLab({ ownsSockets: true }), await startLab({ ownsSockets: false })]
    upstream = await startUpstream()
  })
  after(async () => {
    for (const lab of labs) await lab[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  const rows: readonly Row[] = [
    ...TUNNELS,
    ...REQUESTS.map(({ why, send }): Row => [why, (port) => [send.replaceAll('{up}', `127.0.0.1:${port}`)]]),
  ]
  for (const [why, send] of rows) {
    test(`give the same answer and the same records: ${why}`, async () => {
      const said = await Promise.all(
        labs.map(async (lab) => {
          const before = lab.records.length
          const answer = await lab.send(...send(upstream.port))
          await settled(lab)
          return { answer: plain(answer), records: lab.records.slice(before).map(plainRecord) }
        }),
      )
      assert.deepEqual(said[0], said[1])
      assert.ok(said[0]!.records.length > 0)
    })
  }
})

async function settled({ proxy }: Lab): Promise<void> {
  for (let tries = 0; tries < 400 && proxy.counts().openConnections > 0; tries++) {
    await new Promise((next) => setTimeout(next, 5))
  }
}
