import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FUZZERS } from './fuzzers.ts'
import { FUZZ_CLOCK, runFuzzer } from './run-fuzzer.ts'

/** Other seeds, and longer: `npm run fuzz`. */
const seed = 20_261_129

for (const [name, fuzzer] of Object.entries(FUZZERS)) {
  test(`damaged and random octets neither throw nor loop: ${name}`, async (context) => {
    const report = await runFuzzer(fuzzer, seed, performance.now() + 1500, FUZZ_CLOCK)
    context.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`)
    assert.ok(report.inputs > 20 && report.parsed > 0)
  })
}
