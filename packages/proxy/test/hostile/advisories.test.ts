import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { authenticateBy } from '@sallyport/proxy'
import { answerOf, startLab, startUpstream, type Lab } from '../lab.fixture.ts'
import { ADVISED_ANSWERS, ADVISORIES } from './advisories.fixture.ts'

suite('what other proxies were advised of', () => {
  let open: Lab
  let closed: Lab
  before(async () => {
    open = await startLab()
    const users = new Map([['ann', { hash: hashSync('secret', 4), groups: [] }]])
    closed = await startLab({ authenticate: authenticateBy({ users, tokens: null, isRequired: true }) })
  })
  after(async () => {
    await open[Symbol.asyncDispose]()
    await closed[Symbol.asyncDispose]()
  })

  for (const { cve, what, send, answer, isClosed, tellsNot, sees } of ADVISORIES) {
    test(`${cve}, ${what}: ${answer}`, async () => {
      await using upstream = await startUpstream()
      const lab = isClosed === true ? closed : open
      const text = await lab.send(send.replaceAll('{up}', `127.0.0.1:${upstream.port}`))
      assert.equal(answerOf(text), answer)
      if (tellsNot !== undefined) assert.doesNotMatch(text, tellsNot)
      if (sees === undefined) assert.equal(upstream.received(), '')
      else assert.ok(upstream.received().includes(sees))
      assert.equal(lab.proxy.counts().totals.defects, 0)
    })
  }

  for (const [cve, what, field] of ADVISED_ANSWERS) {
    test(`${cve}, an answer with ${what}: 200`, async () => {
      await using upstream = await startUpstream(`HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 2\r\n\r\nok`)
      const authority = `127.0.0.1:${upstream.port}`
      const text = await open.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
      assert.equal(answerOf(text), '200')
      assert.ok(text.includes(`\r\n${field}\r\n`))
    })
  }
})
