import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf, labPolicy, OPEN_RULES, startLab, startUpstream } from '../lab.fixture.ts'

const LAB = ['127.0.0.1'] as const
const CLOSED = labPolicy([{ id: 'no-secret', action: 'deny', to: LAB, http: { path: ['/secret/**'] } }, ...OPEN_RULES])
const OPEN = labPolicy([
  { id: 'public', action: 'allow', to: LAB, http: { path: ['/public/**', '/a%2Fb', '/a/b'] } },
  { id: 'none', action: 'deny' },
])

type Row = readonly [path: string, answer: string, why: string]

/** Under a rule that denies `/secret/**`. */
const TO_SECRET: readonly Row[] = [
  ['/secret/x', '403 denied', 'as it is'],
  ['/./secret/x', '403 denied', 'a dot'],
  ['/a/%2e%2e/secret/x', '403 denied', 'escaped dots'],
  ['/a/.%2e/secret/x', '403 denied', 'one of two dots escaped'],
  ['/%73ecret/x', '403 denied', 'an escaped letter'],
  ['//secret/x', '403 denied', 'nginx merges slashes'],
  ['/.//secret/x', '403 denied', 'the same behind a dot'],
  ['/%2fsecret/x', '403 denied', 'nginx unescapes slashes'],
  ['/secret%2Fx', '403 denied', 'the same within'],
  ['/a//../secret/x', '403 denied', 'slashes are merged before dots are looked for'],
  ['/a/..%2fsecret/x', '403 denied', 'a slash of dots that is escaped'],
  ['/a\\..\\secret\\x', '403 denied', 'backslashes of Windows'],
  ['/a/..%5csecret/x', '403 denied', 'the same, escaped'],
  ['/a/..;/secret/x', '403 denied', 'a parameter behind dots, which servers in Java cut off'],
  ['/secret;x=y/x', '403 denied', 'a parameter behind the name'],
  ['/secret%3bx/x', '403 denied', 'the same, escaped'],
  ['/%252fsecret/x', '200', 'what is escaped twice is no slash to anybody'],
  ['/secrets/x', '200', 'another name'],
  ['/x;y//z', '200', 'odd, and nowhere else'],
]

/** Under a rule that allows `/public/**` alone. */
const FROM_PUBLIC: readonly Row[] = [
  ['/public/x', '200', 'as it is'],
  ['/public/x%2fy', '200', 'both readings are allowed'],
  ['/public//x;y', '200', 'both readings are allowed'],
  ['/a%2fb', '200', 'a rule each names either reading'],
  ['/public/../admin', '403 denied', 'dots'],
  ['/public/%2e%2e/admin', '403 denied', 'escaped dots'],
  ['/public//../admin', '403 denied', 'slashes are merged before dots are looked for'],
  ['/public/..%2fadmin', '403 denied', 'a slash of dots that is escaped'],
  ['/public/%2e%2e%2fadmin', '403 denied', 'all of it escaped'],
  ['/public/..%5cadmin', '403 denied', 'a backslash that is escaped'],
  ['/public/..;/admin', '403 denied', 'a parameter behind dots'],
  ['/public/%2e%2e;x=1/admin', '403 denied', 'a parameter behind escaped dots'],
  ['/public\\..\\admin', '403 denied', 'backslashes'],
]

suite('a path passes when it may pass as every kind of server reads it', () => {
  for (const [policy, rows] of [
    [CLOSED, TO_SECRET],
    [OPEN, FROM_PUBLIC],
  ] as const) {
    for (const [path, answer, why] of rows) {
      test(`${path}: ${answer}, ${why}`, async () => {
        await using upstream = await startUpstream()
        await using lab = await startLab({ policy })
        const authority = `127.0.0.1:${upstream.port}`
        assert.equal(
          answerOf(await lab.send(`GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)),
          answer,
        )
        if (answer === '200') assert.ok(upstream.received().startsWith(`GET ${path} HTTP/1.1\r\n`))
        else assert.equal(upstream.received(), '')
      })
    }
  }
})
