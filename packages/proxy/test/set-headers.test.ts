import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerOf, labPolicy, startLab, startUpstream } from './lab.fixture.ts'
import { openConnect, startTlsEcho, tlsGreeting } from './tls.fixture.ts'

const RULES = [
  {
    id: 'tenant',
    action: 'allow',
    to: [{ domain: 'up.example.com', ip: '127.0.0.1' }],
    headers: { 'Restrict-Access-To-Tenants': 'corp.example' },
  },
  { id: 'lab', action: 'allow', to: ['127.0.0.1'] },
] as const

suite('headers that a rule sets', () => {
  for (const [why, fields] of [
    ['are there where the client sent none', ''],
    [
      'take the place of what the client sent',
      'restrict-access-to-tenants: evil.example\r\nRESTRICT-Access-To-Tenants: x\r\n',
    ],
    ['are not taken away by Connection', 'Connection: keep-alive, Restrict-Access-To-Tenants\r\n'],
  ] as const) {
    test(why, async () => {
      await using upstream = await startUpstream()
      await using lab = await startLab({ policy: labPolicy(RULES) })
      const authority = `up.example.com:${upstream.port}`
      const text = await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`)
      assert.equal(answerOf(text), '200')
      assert.deepEqual(upstream.received().match(/^restrict-access-to-tenants: .*$/gim), [
        'Restrict-Access-To-Tenants: corp.example',
      ])
    })
  }

  test('are set by no other rule', async () => {
    await using upstream = await startUpstream()
    await using lab = await startLab({ policy: labPolicy(RULES) })
    const authority = `127.0.0.1:${upstream.port}`
    await lab.send(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    assert.doesNotMatch(upstream.received(), /restrict/i)
  })

  test('cannot be set where the request is not seen: such a tunnel is not allowed', async () => {
    await using echo = await startTlsEcho()
    await using lab = await startLab({ policy: labPolicy([RULES[0]]) })
    const socket = await openConnect(lab.port, `up.example.com:${echo.port}`)
    assert.equal(await tlsGreeting(socket, 'up.example.com'), 'access denied')
    await lab.recorded(1)
    assert.equal(lab.records[0]?.reason, 'undetermined')
  })
})
