import { StateStore } from '../src/index.ts'

/** Applies policies until it is killed, and says which version it was told is in force. */
await using state = await StateStore.open(process.argv[2]!)
for (let round = 0; ; round++) {
  const files = [{ file: 'p.yaml', text: `round ${process.pid} ${round}` }]
  const { version } = await state.policies.apply({
    author: 'a',
    reason: '',
    createdMs: round,
    mode: 'monitor',
    files,
    confirmByMs: null,
  })
  process.stdout.write(`${version}\n`)
  await new Promise((resolve) => setImmediate(resolve))
}
