import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FUZZ_CLOCK, runFuzzer } from '../../packages/wire/test/fuzz/run-fuzzer.ts'
import { OTHER_FUZZERS } from '../../scripts/fuzzers.ts'

/** Other seeds, and longer: `npm run fuzz`. Those of packages/wire have a test there. */
const seed = 20_261_129

for (const [name, made] of Object.entries(OTHER_FUZZERS)) {
  test(`what others wrote is read without a fault, damaged or not: ${name}`, async (context) => {
    const fuzzer = typeof made === 'function' ? made() : made
    const report = await runFuzzer(fuzzer, seed, performance.now() + 1000, FUZZ_CLOCK)
    context.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`)
    assert.ok(report.inputs > 20 && report.parsed > 0)
  })
}
