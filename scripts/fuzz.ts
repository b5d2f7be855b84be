/**
 * `npm run fuzz -- streams 300`: throws inputs at a parser for so many seconds; `all` takes them in turn. Ends with 1, seed
 * and input at the first fault.
 */
import { fuzzMmdb, fuzzVendors } from '../packages/catalog/test/fuzz-catalog.ts'
import { fuzzFeeds } from '../packages/catalog/test/feeds/fuzz-feeds.ts'
import { fuzzSegments } from '../packages/kernel/test/queue/fuzz-segments.ts'
import { FUZZERS } from '../packages/wire/test/fuzz/fuzzers.ts'
import { FUZZ_CLOCK, runFuzzer, type Fuzzer } from '../packages/wire/test/fuzz/run-fuzzer.ts'

const ALL: Readonly<Record<string, Fuzzer>> = {
  ...FUZZERS,
  segments: fuzzSegments,
  feeds: fuzzFeeds,
  mmdb: fuzzMmdb,
  vendors: fuzzVendors,
}
const fuzzers = Object.entries(ALL)
const [name = 'all', seconds = '300', given] = process.argv.slice(2)
const chosen = fuzzers.filter(([known]) => name === 'all' || name === known)
if (chosen.length === 0 || !(Number(seconds) > 0)) {
  console.error(`usage: npm run fuzz -- all|${Object.keys(ALL).join('|')} [SECONDS] [SEED]`)
  process.exit(2)
}
const seed = given === undefined ? Date.now() & 0x7fffffff : Number(given)
for (const [fuzz, fuzzer] of chosen) {
  const before = process.memoryUsage().heapUsed
  const until = FUZZ_CLOCK.now() + Number(seconds) * 1000
  const report = await runFuzzer(fuzzer, seed, until, FUZZ_CLOCK)
  globalThis.gc?.()
  const grownMb = Math.round((process.memoryUsage().heapUsed - before) / 1e6)
  console.log(JSON.stringify({ fuzz, seed, seconds: Number(seconds), ...report, grownMb }))
}
