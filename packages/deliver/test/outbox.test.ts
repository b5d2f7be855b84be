import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Outbox, type Message, type Sent } from '../src/index.ts'
import { alert } from './messages.ts'

const QUICK = { firstPauseMs: 1, maxPauseMs: 4 }

function sender(answers: (call: number, messages: readonly Message[]) => Sent) {
  const calls: (readonly Message[])[] = []
  return {
    calls,
    send: async (messages: readonly Message[]): Promise<Sent> => {
      calls.push(messages)
      return answers(calls.length, messages)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
const ids = (calls: readonly (readonly Message[])[]): readonly string[] =>
  calls.flat().map((message) => (message.kind === 'alert' ? message.alert.id : ''))
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}

suite('an outbox', () => {
  test('what failed is sent again, in its order, and once', async () => {
    const receiver = sender((call) => {
      if (call < 4) throw new Error('unreachable')
      return 'sent'
    })
    const notices: string[] = []
    const outbox = new Outbox({ sender: receiver, onNotice: (text) => notices.push(text), batchMessages: 2, ...QUICK })
    const stop = new AbortController()
    const running = outbox.run(stop.signal)
    outbox.push(['1', '2', '3'].map(alert))
    await until(() => outbox.counters().sent === 3)
    stop.abort()
    await running
    assert.deepEqual(ids(receiver.calls.slice(3)), ['1', '2', '3'])
    assert.equal(outbox.counters().failures, 3)
    assert.equal(notices.length, 1, 'said once')
  })

  test('what finds no room is dropped and counted; counts in are counts out', async () => {
    const receiver = sender(() => {
      throw new Error('unreachable')
    })
    const outbox = new Outbox({ sender: receiver, onNotice: () => {}, maxMessages: 3, ...QUICK })
    const stop = new AbortController()
    const running = outbox.run(stop.signal)
    outbox.push(['1', '2', '3', '4', '5'].map(alert))
    await until(() => outbox.counters().failures > 1)
    assert.equal(outbox.counters().waiting, 3)
    stop.abort()
    await running
    const { sent, waiting, dropped } = outbox.counters()
    assert.deepEqual([sent, waiting, dropped], [0, 0, { full: 2, refused: 0, stopped: 3 }])
  })

  test('what is refused is not sent again', async () => {
    const receiver = sender((call) => (call === 1 ? 'refused' : 'sent'))
    const outbox = new Outbox({ sender: receiver, onNotice: () => {}, batchMessages: 1, ...QUICK })
    const stop = new AbortController()
    outbox.push(['1', '2'].map(alert))
    const running = outbox.run(stop.signal)
    await until(() => outbox.counters().sent === 1)
    stop.abort()
    await running
    assert.deepEqual(ids(receiver.calls), ['1', '2'])
    assert.equal(outbox.counters().dropped.refused, 1)
  })
})
