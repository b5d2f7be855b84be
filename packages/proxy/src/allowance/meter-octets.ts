import type { Refusal } from '../answers.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'

/** Whether there is room for so many octets. */
export type AskRoom = (octets: number) => Refusal | null | Promise<Refusal | null>

export type Metered = {
  readonly take: (octets: Buffer) => void
  readonly isAsking: () => boolean
  /** Now, or when what was asked for has been settled: an end comes although its stream is paused. */
  readonly whenSettled: (then: () => void) => void
}

/** Passes octets on when there is room for them, and lets their sender wait meanwhile. */
export function meterOctets(
  from: ByteSocket,
  ask: AskRoom | null,
  pass: (octets: Buffer) => void,
  refuse: (no: Refusal) => void,
): Metered {
  if (ask === null) return { take: pass, isAsking: () => false, whenSettled: (then) => then() }
  let isAsking = false
  const later: (() => void)[] = []
  const settle = (octets: Buffer, no: Refusal | null): void => (no === null ? pass(octets) : refuse(no))
  const onLate = (octets: Buffer, no: Refusal | null): void => {
    isAsking = false
    from.resume()
    settle(octets, no)
    for (const then of later.splice(0)) then()
  }
  const take = (octets: Buffer): void => {
    const said = ask(octets.length)
    if (!(said instanceof Promise)) return settle(octets, said)
    isAsking = true
    from.pause()
    void said.then((no) => onLate(octets, no))
  }
  return { take, isAsking: () => isAsking, whenSettled: (then) => void (isAsking ? later.push(then) : then()) }
}
