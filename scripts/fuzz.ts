/** `npm run fuzz -- dns 300`: throws inputs at a parser for so many seconds; ends with 1, seed and input at the first fault. */
import { fuzzCodec } from '../packages/wire/test/dns/fuzz-codec.ts'

const FUZZERS = { dns: fuzzCodec } as const

const [name = 'dns', seconds = '300', given] = process.argv.slice(2)
const fuzz = Object.hasOwn(FUZZERS, name) ? FUZZERS[name as keyof typeof FUZZERS] : null
if (fuzz === null || !(Number(seconds) > 0)) {
  console.error(`usage: npm run fuzz -- ${Object.keys(FUZZERS).join('|')} [SECONDS] [SEED]`)
  process.exit(2)
}
const seed = given === undefined ? Date.now() & 0x7fffffff : Number(given)
const before = process.memoryUsage().heapUsed
const report = fuzz(seed, performance.now() + Number(seconds) * 1000, () => performance.now())
globalThis.gc?.()
const grownMb = Math.round((process.memoryUsage().heapUsed - before) / 1e6)
console.log(JSON.stringify({ fuzz: name, seed, seconds: Number(seconds), ...report, grownMb }))
