import { FlowStore } from '../src/index.ts'

/** Opens a store, and lays it out anew until it is killed. */
using store = await FlowStore.open(process.argv[2] ?? '')
process.stdout.write('open\n')
for (;;) {
  await store.relayout()
  await new Promise((resolve) => setTimeout(resolve, 5))
}
