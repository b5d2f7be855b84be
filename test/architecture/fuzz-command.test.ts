import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FUZZ_CLOCK, runFuzzer } from '../../packages/wire/test/fuzz/run-fuzzer.ts'
import { OTHER_FUZZERS } from '../../scripts/fuzzers.ts'

/** Other seeds, and longer: `npm run fuzz`. Those of packages/wire have a test there. */
const seed = 20_261_129
/** By what this thread has used, so that a busy machine makes none of it shorter. */
const { spent } = FUZZ_CLOCK

for (const [name, made] of Object.entries(OTHER_FUZZERS)) {
  test(`what others wrote is read without a fault, damaged or not: ${name}`, async (context) => {
    const fuzzer = typeof made === 'function' ? made() : made
    const report = await runFuzzer(fuzzer, seed, spent() + 400, { now: spent, spent })
    context.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`)
    assert.ok(report.inputs > 20 && report.parsed > 0)
  })
}
