import { drainSpool, FlowStore } from '../src/index.ts'

/** Drains a spool into a store until it is killed. */
const [spool = '', directory = ''] = process.argv.slice(2)
using store = await FlowStore.open(directory)
process.stdout.write('open\n')
for (;;) {
  await drainSpool(spool, store)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
