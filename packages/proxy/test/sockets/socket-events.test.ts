import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { SocketEvents } from '../../src/sockets/socket-events.ts'

type Emitter = Pick<EventEmitter, 'emit'> &
  Record<'on' | 'once' | 'off', (event: string, listener: () => void) => unknown>
type Step = { readonly kind: 'on' | 'once' | 'off' | 'emit'; readonly event: string; readonly who: number }

const WHO = 4
const MOST_CALLS = 60
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('on', 'once', 'off', 'emit'),
  event: fc.constantFrom('data', 'end'),
  who: fc.nat(WHO - 1),
})

/** Who is called with what, when each listener does its own steps once it is called. */
function calls(emitter: Emitter, steps: readonly Step[], own: readonly (readonly Step[])[]): readonly string[] {
  const told: string[] = []
  const listeners = own.map((inner, who) => (value?: unknown) => {
    told.push(`${who} ${String(value)}`)
    if (told.length < MOST_CALLS) take(inner)
  })
  const take = (taken: readonly Step[]): void => {
    for (const [at, { kind, event, who }] of taken.entries()) {
      if (kind === 'emit') told.push(String(emitter.emit(event, at)))
      else emitter[kind](event, listeners[who]!)
    }
  }
  take(steps)
  return told
}

suite('events of a socket', () => {
  test('reach whom the emitter of Node calls, in its order, whatever listeners do meanwhile', () => {
    const own = fc.array(fc.array(step, { maxLength: 4 }), { minLength: WHO, maxLength: WHO })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), own, (steps, inner) => {
        assert.deepEqual(
          calls(new SocketEvents(), steps, inner),
          calls(new EventEmitter().setMaxListeners(0), steps, inner),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('throw an error that nobody listens to', () => {
    const error = new Error('gone')
    assert.throws(() => new SocketEvents().emit('error', error), error)
    assert.equal(new SocketEvents().on('error', () => {}).emit('error', error), true)
  })
})
