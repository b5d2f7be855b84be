/**
 * `npm run fuzz -- streams 300`: throws inputs at a parser for so many seconds; `all` takes them in turn. Ends with 1, seed
 * and input at the first fault.
 */
import { FUZZERS } from '../packages/wire/test/fuzz/fuzzers.ts'
import { runFuzzer } from '../packages/wire/test/fuzz/run-fuzzer.ts'

const fuzzers = Object.entries(FUZZERS)
const [name = 'all', seconds = '300', given] = process.argv.slice(2)
const chosen = fuzzers.filter(([known]) => name === 'all' || name === known)
if (chosen.length === 0 || !(Number(seconds) > 0)) {
  console.error(`usage: npm run fuzz -- all|${Object.keys(FUZZERS).join('|')} [SECONDS] [SEED]`)
  process.exit(2)
}
const seed = given === undefined ? Date.now() & 0x7fffffff : Number(given)
for (const [fuzz, fuzzer] of chosen) {
  const before = process.memoryUsage().heapUsed
  const until = performance.now() + Number(seconds) * 1000
  const report = runFuzzer(fuzzer, seed, until, () => performance.now())
  globalThis.gc?.()
  const grownMb = Math.round((process.memoryUsage().heapUsed - before) / 1e6)
  console.log(JSON.stringify({ fuzz, seed, seconds: Number(seconds), ...report, grownMb }))
}
