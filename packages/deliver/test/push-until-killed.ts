import { setTimeout as sleep } from 'node:timers/promises'
import { Deliveries, parseTarget } from '../src/index.ts'
import { alert, ORIGIN } from './messages.ts'

/** Hands a message after the other to the target, and says each that was taken; without a number, sends what waits. */
const [path, url, count] = process.argv.slice(2) as [string, string, string | undefined]
const options = { path, origin: ORIGIN, onNotice: (): void => {} }
using deliveries = new Deliveries([parseTarget(url)], options)
const stop = new AbortController()
const running = deliveries.run(stop.signal)
for (let at = 0; at < Number(count ?? 0); at++) {
  deliveries.push(String(at), [alert(String(at))])
  process.stdout.write(`${at}\n`)
  await sleep(1)
}
while (count === undefined && deliveries.status()[0]!.waiting > 0) await sleep(5)
if (count === undefined) stop.abort()
await running
