/**
 * `npm run fuzz -- streams 300`: throws inputs at a parser for so many seconds; `all` takes them in turn. Ends with 1, seed
 * and input at the first fault.
 */
import { FUZZ_CLOCK, runFuzzer } from '../packages/wire/test/fuzz/run-fuzzer.ts'
import { ALL_FUZZERS } from './fuzzers.ts'

const [name = 'all', seconds = '300', given] = process.argv.slice(2)
const chosen = Object.entries(ALL_FUZZERS).filter(([known]) => name === 'all' || name === known)
if (chosen.length === 0 || !(Number(seconds) > 0)) {
  console.error(`usage: npm run fuzz -- all|${Object.keys(ALL_FUZZERS).join('|')} [SECONDS] [SEED]`)
  process.exit(2)
}
const seed = given === undefined ? Date.now() & 0x7fffffff : Number(given)
for (const [fuzz, made] of chosen) {
  const fuzzer = typeof made === 'function' ? made() : made
  const before = process.memoryUsage().heapUsed
  const until = FUZZ_CLOCK.now() + Number(seconds) * 1000
  const report = await runFuzzer(fuzzer, seed, until, FUZZ_CLOCK)
  globalThis.gc?.()
  const grownMb = Math.round((process.memoryUsage().heapUsed - before) / 1e6)
  console.log(JSON.stringify({ fuzz, seed, seconds: Number(seconds), ...report, grownMb }))
}
