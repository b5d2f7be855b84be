import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Outbox, WaitingMessages, type Message, type Sent } from '../src/index.ts'
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

type Given = Omit<ConstructorParameters<typeof Outbox>[0], 'waiting' | 'key' | 'onNotice'> & {
  readonly notices?: string[]
}

function outboxOf({ notices = [], ...options }: Given, waiting: WaitingMessages = WaitingMessages.open(':memory:')) {
  const outbox = new Outbox({ ...QUICK, ...options, waiting, key: 'a', onNotice: (text) => notices.push(text) })
  const push = (...ids: readonly string[]): void => {
    waiting.add(ids.join(), ids.map(alert), new Map([['a', outbox.room()]]))
    outbox.added(ids.length)
  }
  return { outbox, push, waiting }
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
    const { outbox, push } = outboxOf({ sender: receiver, notices, batchMessages: 2 })
    const stop = new AbortController()
    const running = outbox.run(stop.signal)
    push('1', '2', '3')
    await until(() => outbox.counters().sent === 3)
    stop.abort()
    await running
    assert.deepEqual(ids(receiver.calls.slice(3)), ['1', '2', '3'])
    assert.equal(outbox.counters().failures, 3)
    assert.equal(notices.length, 1, 'said once')
  })

  test('what finds no room is dropped and counted; what waits at the end is there for the next', async () => {
    const receiver = sender(() => {
      throw new Error('unreachable')
    })
    const { outbox, push, waiting } = outboxOf({ sender: receiver, maxMessages: 3 })
    const stop = new AbortController()
    const running = outbox.run(stop.signal)
    push('1', '2', '3', '4', '5')
    await until(() => outbox.counters().failures > 1)
    stop.abort()
    await running
    const { sent, waiting: left, dropped } = outbox.counters()
    assert.deepEqual([sent, left, dropped], [0, 3, { full: 2, refused: 0, unwritable: 0 }])
    const next = sender(() => 'sent')
    const again = outboxOf({ sender: next }, waiting).outbox
    assert.equal(again.counters().waiting, 3)
    const ending = new AbortController()
    ending.abort()
    await again.run(ending.signal)
    assert.deepEqual(ids(next.calls), ['1', '2', '3'])
  })

  test('one that is refused takes no others with it', async () => {
    const receiver = sender((_, messages) => (ids([messages]).includes('bad') ? 'not-together' : 'sent'))
    const { outbox, push } = outboxOf({ sender: receiver })
    const good = Array.from({ length: 20 }, (_, at) => String(at))
    push(...good.slice(0, 7), 'bad', ...good.slice(7))
    const stop = new AbortController()
    const running = outbox.run(stop.signal)
    await until(() => outbox.counters().waiting === 0)
    stop.abort()
    await running
    assert.deepEqual(ids(receiver.calls.filter((messages) => !ids([messages]).includes('bad'))), good)
    assert.deepEqual([outbox.counters().sent, outbox.counters().dropped.refused], [20, 1])
  })

  test('what is refused is not sent again', async () => {
    const receiver = sender((call) => (call === 1 ? 'refused' : 'sent'))
    const { outbox, push } = outboxOf({ sender: receiver, batchMessages: 1 })
    const stop = new AbortController()
    push('1', '2')
    const running = outbox.run(stop.signal)
    await until(() => outbox.counters().sent === 1)
    stop.abort()
    await running
    assert.deepEqual(ids(receiver.calls), ['1', '2'])
    assert.equal(outbox.counters().dropped.refused, 1)
  })
})
