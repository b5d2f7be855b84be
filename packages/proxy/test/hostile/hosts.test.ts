import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { answerOf, startLab, startUpstream, type Lab, type Upstream } from '../lab.fixture.ts'
import { BRACKETED, HOSTS, SOCKS_NAMES, type Expected } from './hosts.fixture.ts'

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

suite('every spelling of a host is the address it denotes, or refused', () => {
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

  for (const [host, expected, why] of [...HOSTS, ...BRACKETED]) {
    test(`GET http://${shown(host)}: ${why}`, async () => {
      const authority = `${host}:${upstream.port}`
      const answer = answerOf(await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`))
      assert.equal(outcome(answer), expected)
    })

    test(`CONNECT ${shown(host)}: ${why}`, async () => {
      const authority = `${host}:${upstream.port}`
      const opened = lab.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      assert.equal(outcome(answerOf(await opened)), expected)
    })
  }

  for (const [host, expected, why] of [...HOSTS, ...SOCKS_NAMES]) {
    if (Buffer.byteLength(host) > 255) continue
    test(`SOCKS 5 to ${shown(host)}: ${why}`, async () => {
      const octets = host === '\xff\xfe' ? Buffer.from(host, 'latin1') : Buffer.from(host)
      const request = Buffer.from([5, 1, 0, 3, octets.length, ...octets, upstream.port >> 8, upstream.port & 255])
      const count = lab.records.length
      const reply = Buffer.from(await lab.send(Uint8Array.from([5, 1, 0]), request), 'latin1')
      const isOpen = reply[3] === 0
      const reason = lab.records.slice(count).find((record) => record.reason !== null)?.reason
      assert.equal(isOpen ? 'reached' : reason, expected)
    })
  }

  test('nobody is asked about a name that a rule denies, or about what is no name', () => {
    assert.deepEqual(
      lab.resolved.filter((name) => /evil\.example$|[^a-z0-9._-]/.test(name)),
      [],
    )
  })
})

function outcome(answer: string): Expected | string {
  return answer === '200' ? 'reached' : answer.replace(/^\d+ /, '')
}
