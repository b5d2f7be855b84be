import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startLab, startUpstream, type Lab, type Upstream } from '../lab.fixture.ts'

const GREETING = '050100'
const LOOPBACK = '017f000001'
const REPLY = (code: string): string => `0500 05${code}0001000000000000`

/** In hexadecimal, each part behind a space sent when the one before was answered; `{port}` is that of the lab's server. */
const ROWS: readonly (readonly [why: string, send: string, reply: string, reason: string | null])[] = [
  ['SOCKS 4', '0401{port}7f00000100', '005b000000000000', 'unsupported-command'],
  ['SOCKS 4a', '0401{port}000000010061', '005b000000000000', 'unsupported-command'],
  ['no method', '0500', '', 'bad-request'],
  ['GSSAPI alone', '050101', '05ff', 'authentication-required'],
  ['a password where none is asked for', '050102', '05ff', 'authentication-required'],
  ['BIND', `${GREETING} 050200${LOOPBACK}{port}`, REPLY('07'), 'unsupported-command'],
  ['UDP ASSOCIATE', `${GREETING} 050300${LOOPBACK}{port}`, REPLY('07'), 'unsupported-command'],
  ['command 0', `${GREETING} 050000${LOOPBACK}{port}`, REPLY('07'), 'unsupported-command'],
  ["Tor's RESOLVE", `${GREETING} 05f000${LOOPBACK}{port}`, REPLY('07'), 'unsupported-command'],
  ['an address of no type', `${GREETING} 050100027f000001{port}`, REPLY('08'), 'unsupported-address-type'],
  ['a reserved octet that is set', `${GREETING} 050101${LOOPBACK}{port}`, REPLY('01'), 'bad-request'],
  ['a request of version 4', `${GREETING} 040100${LOOPBACK}{port}`, REPLY('01'), 'bad-request'],
  ['port 0', `${GREETING} 050100${LOOPBACK}0000`, REPLY('01'), 'bad-host'],
  ['an empty name', `${GREETING} 0501000300{port}`, REPLY('01'), 'bad-request'],
  ['a private address', `${GREETING} 050100010a000001{port}`, REPLY('02'), 'special-address'],
  ['IPv6 loopback', `${GREETING} 05010004${'0'.repeat(31)}1{port}`, REPLY('02'), 'special-address'],
  ['IPv4-mapped private', `${GREETING} 05010004${'0'.repeat(20)}ffff0a000001{port}`, REPLY('02'), 'special-address'],
  [
    'IPv4-translated loopback',
    `${GREETING} 05010004${'0'.repeat(16)}ffff00007f000001{port}`,
    REPLY('02'),
    'special-address',
  ],
  ['NAT64 of metadata', `${GREETING} 050100040064ff9b${'0'.repeat(16)}a9fea9fe{port}`, REPLY('02'), 'denied'],
  ['255 methods', `05ff${'00'.repeat(255)} 050100${LOOPBACK}{port}`, '0500 05000001', null],
  ['IPv4-mapped', `${GREETING} 05010004${'0'.repeat(20)}ffff7f000001{port}`, '0500 05000001', null],
  ['greeting and request in one piece', `${GREETING}050100${LOOPBACK}{port}`, '0500 05000001', null],
]

suite('octets of SOCKS', () => {
  let lab: Lab
  let upstream: Upstream
  before(async () => {
    upstream = await startUpstream()
    lab = await startLab()
  })
  after(async () => {
    await lab[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  for (const [why, send, reply, reason] of ROWS) {
    test(`${why}: ${reason ?? 'reached'}`, async () => {
      const port = upstream.port.toString(16).padStart(4, '0')
      const count = lab.records.length
      const parts = send.replaceAll('{port}', port).split(' ')
      const got = await lab.send(...parts.map((part) => Uint8Array.from(Buffer.from(part, 'hex'))))
      const octets = Buffer.from(got, 'latin1').toString('hex')
      const wanted = reply.replaceAll(' ', '')
      assert.equal(reason === null ? octets.slice(0, wanted.length) : octets, wanted)
      await lab.recorded(count + 1)
      assert.equal(lab.records[count]?.reason, reason)
    })
  }

  test('whose end never comes are a request that is none', async () => {
    for (const part of ['0501', `${GREETING}0501`, `${GREETING}05010003ff61`]) {
      const count = lab.records.length
      await lab.send(Uint8Array.from(Buffer.from(part, 'hex')))
      await lab.recorded(count + 1)
      assert.equal(lab.records[count]?.reason, 'bad-request')
    }
  })
})
