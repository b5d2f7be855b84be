import assert from 'node:assert/strict'
import { damage } from './damage.ts'
import { randomOctets, xorshift, type Random } from './random.ts'

export type FuzzReport = {
  readonly inputs: number
  /** Inputs that the parser took for what they were meant to be. */
  readonly parsed: number
  readonly slowestMs: number
}

/** What is thrown at a parser, and what must hold of each input; `parse` says whether the parser took it. */
export type Fuzzer = {
  readonly corpus: (seed: number) => readonly Uint8Array[]
  readonly parse: (bytes: Uint8Array, random: Random) => boolean | Promise<boolean>
  /** Makes an input of octets where they are to be sealed or framed first. */
  readonly wrap?: (bytes: Uint8Array, random: Random) => Uint8Array
}

/** Longer for one input of at most 64 KiB can only be a loop, or work that grows with the square of its length. */
const LOOP_MS = 2000

/** `now` goes on whatever happens; `spent` counts what this thread has used, so that a busy machine is not taken for a loop. */
export type FuzzClock = { readonly now: () => number; readonly spent: () => number }

export const FUZZ_CLOCK: FuzzClock = {
  now: () => performance.now(),
  spent: () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  },
}

/** Throws damaged messages of the corpus and plain random octets at a parser until `untilMs` of the clock. */
export async function runFuzzer(fuzzer: Fuzzer, seed: number, untilMs: number, clock: FuzzClock): Promise<FuzzReport> {
  const random = xorshift(seed)
  const corpus = fuzzer.corpus(seed)
  let [inputs, parsed, slowestMs] = [0, 0, 0]
  while (clock.now() < untilMs) {
    const made = random(8) === 0 ? randomOctets(random) : damage(corpus[random(corpus.length)]!, corpus, random)
    const bytes = fuzzer.wrap?.(made, random) ?? made
    const start = clock.spent()
    try {
      const taken = fuzzer.parse(bytes, random)
      if (typeof taken === 'boolean' ? taken : await taken) parsed++
    } catch (error) {
      throw new Error(`seed ${seed}, input ${inputs}: ${Buffer.from(bytes).toString('hex')}`, { cause: error })
    }
    slowestMs = Math.max(slowestMs, clock.spent() - start)
    assert.ok(slowestMs < LOOP_MS, `seed ${seed}, input ${inputs}: ${slowestMs} ms for ${bytes.length} octets`)
    inputs++
  }
  return { inputs, parsed, slowestMs: Math.round(slowestMs) }
}
