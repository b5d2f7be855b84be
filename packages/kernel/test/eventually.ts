import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than anything takes on a machine that does much else: only what never comes is waited for so long. */
const LONGEST_MS = 60_000

export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + LONGEST_MS; !(await holds()); await sleep(50))
    assert.ok(performance.now() < deadline, what)
}
