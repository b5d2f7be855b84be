import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { answerOf, startLab, startUpstream, type Lab } from '../lab.fixture.ts'
import { REQUESTS } from './requests.fixture.ts'

suite('a request that two readers could take for two is refused', () => {
  let lab: Lab
  before(async () => (lab = await startLab()))
  after(() => lab[Symbol.asyncDispose]())

  for (const { why, send, answer, sees, seesNot } of REQUESTS) {
    test(`${answer}: ${why}`, async () => {
      await using upstream = await startUpstream((socket, received) => {
        const isWhole = /chunked/.test(received)
          ? /\r\n0\r\n([^\r\n]+\r\n)*\r\n$/.test(received)
          : /\r\n\r\n/.test(received)
        if (isWhole) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
      const text = await lab.send(send.replaceAll('{up}', `127.0.0.1:${upstream.port}`))
      assert.equal(answerOf(text), answer)
      if (answer.startsWith('4') && !answer.endsWith('bad-body')) assert.equal(upstream.received(), '')
      if (sees !== undefined) assert.match(upstream.received(), sees)
      if (seesNot !== undefined) assert.doesNotMatch(upstream.received(), seesNot)
    })
  }
})
