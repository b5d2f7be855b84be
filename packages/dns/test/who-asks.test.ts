import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RCODE } from '@sallyport/wire'
import { askTcp, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { ALLOW, DENY, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from './loopback-upstream.fixture.ts'

test('who asks is found before the name is judged, and the judge and the record know it', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  const asked: string[] = []
  await using forwarder = await observedForwarder([upstream], {
    whoAsks: ({ name }, transport) => {
      asked.push(`${name} ${transport}`)
      return Promise.resolve({ user: transport === 'udp' ? 'ada' : 'eve' })
    },
    judge: ({ subject }) => (subject?.user === 'ada' ? ALLOW : DENY),
  })
  const server = forwarder.endpoints[0]!
  assert.equal((await askUdp(server, question('a.example'))).header.rcode, RCODE.NOERROR)
  const [overTcp] = await askTcp(server, question('a.example'))
  assert.equal(overTcp!.header.rcode, RCODE.REFUSED)
  assert.deepEqual(asked, ['a.example udp', 'a.example tcp'])
  assert.deepEqual(
    forwarder.records.map(({ subject }) => subject),
    [{ user: 'ada' }, { user: 'eve' }],
  )
})

test('where who asks decides and is unknown, the name is refused and not looked up', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query))
  await using forwarder = await observedForwarder([upstream], { whoAsks: () => Promise.resolve('unknown') })
  const answer = await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.equal(answer.header.rcode, RCODE.REFUSED)
  assert.deepEqual(errorsIn(answer), [{ code: 18, text: 'who asks decides, and could not be found out' }])
  assert.equal(forwarder.records[0]!.verdict?.refusedFor, 'unknown-client')
  assert.equal(upstream.queries.length, 0)
})

test('where it does not matter, nobody is looked for', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream], { whoAsks: () => null })
  assert.equal((await askUdp(forwarder.endpoints[0]!, question('a.example'))).header.rcode, RCODE.NOERROR)
  assert.equal('subject' in forwarder.records[0]!, false)
})

test('a search that fails is a failed judgement: no answer, and it is counted', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query))
  await using forwarder = await observedForwarder([upstream], { whoAsks: () => Promise.reject(new Error('broken')) })
  assert.equal((await askUdp(forwarder.endpoints[0]!, question('a.example'))).header.rcode, RCODE.SERVFAIL)
  assert.equal(forwarder.counters().judgeFailures, 1)
  assert.equal(upstream.queries.length, 0)
})
