import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { encode } from 'dns-packet'

// The command that is guarded: does what its arguments say, and prints a line of JSON for each.

/** When it was sent and answered, in milliseconds. */
async function ask(name: string, type: string): Promise<object> {
  const socket = createSocket('udp4')
  const sentMs = performance.now()
  socket.send(
    encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: type as 'A' }] }),
    53,
    '192.0.2.53',
  )
  const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(30_000) })) as [Buffer]
  socket.close()
  return { sentMs, answeredMs: performance.now(), rcode: answer[3]! & 15, answers: answer.readUInt16BE(6) }
}

async function reach(host: string, port: string): Promise<object> {
  const beganMs = performance.now()
  const socket = connect(Number(port), host)
  const result = await once(socket, 'connect', { signal: AbortSignal.timeout(20_000) }).then(
    () => 'open',
    (error: NodeJS.ErrnoException) => error.code,
  )
  const endedMs = performance.now()
  // Ended as a client does: a reset is not what the server is tested for.
  socket.resume().end()
  if (result === 'open') await once(socket, 'close', { signal: AbortSignal.timeout(1000) }).catch(() => {})
  socket.destroy()
  return { beganMs, endedMs, result }
}

for (const step of process.argv.slice(2)) {
  const [verb = '', first = '', second = ''] = step.split('/')
  if (verb === 'ask') console.log(JSON.stringify(await ask(first, second)))
  if (verb === 'reach') console.log(JSON.stringify(await reach(first, second)))
  if (verb === 'wait') await sleep(Number(first))
  if (verb === 'try') {
    const untilMs = performance.now() + Number(second)
    const tries: object[] = []
    // Once more at the end, which a busy machine may come to late.
    for (let isOver = false; !isOver; await sleep(20)) {
      isOver = performance.now() >= untilMs
      tries.push(await reach(first, '80'))
    }
    console.log(JSON.stringify(tries))
  }
}
