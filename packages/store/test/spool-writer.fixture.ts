import { FlowSpool } from '../src/index.ts'

/** Spools numbered flows until it is killed, and says after each batch up to which number the spool has them. */
const [directory = '', user = ''] = process.argv.slice(2)
const spool = FlowSpool.open({ directory, segmentBytes: 60_000, segmentAgeMs: 50 })
let next = 0
const verdict = {
  verdict: 'allow',
  rule: null,
  layer: 'x',
  mode: 'enforce',
  stage: 'connect',
  reason: 'default',
} as const

function burst(): void {
  for (let index = 0; index < 40; index++)
    spool.append({
      time: new Date(Date.UTC(2026, 9, 1) + next).toISOString(),
      user,
      port: next++ % 65536,
      transport: 'tcp',
      bytesOut: 1,
      verdict: { ...verdict, explain: '' },
    })
  spool.flush()
  process.stdout.write(`${next}\n`, () => setTimeout(burst, 8))
}
burst()
