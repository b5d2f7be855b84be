import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GATEWAY_OBJECT } from '../src/gateway/gateway-object.ts'
import { OBJECT_PATH } from '../src/programs.ts'
import { objectFunctions, type ObjectFunction } from './object-functions.ts'

/** MAX_BPF_STACK and MAX_CALL_FRAMES of the kernel. */
const STACK_BYTES = 512
const FRAMES = 8
/** What kernels before 6.8 round a frame up to; later ones round to half as much. */
const ROUNDING = 32

interface Chain {
  readonly names: readonly string[]
  readonly bytes: number
}

/** The one that takes most, below each function that nobody calls, and the one of most frames. */
function deepest(functions: readonly ObjectFunction[], name: string, by: (chain: Chain) => number): Chain {
  const { frame, calls } = functions.find((each) => each.name === name)!
  const own = Math.ceil(Math.max(frame, 1) / ROUNDING) * ROUNDING
  const below = calls.map((each) => deepest(functions, each, by)).toSorted((a, b) => by(b) - by(a))[0]
  return { names: [name, ...(below?.names ?? [])], bytes: own + (below?.bytes ?? 0) }
}

describe('a kernel of 6.1 has the stack for every chain of calls', () => {
  for (const path of [OBJECT_PATH, GATEWAY_OBJECT]) {
    const functions = objectFunctions(path)
    const called = new Set(functions.flatMap(({ calls }) => calls))
    for (const { name } of functions.filter((each) => !called.has(each.name))) {
      test(name, (t) => {
        const most = deepest(functions, name, ({ bytes }) => bytes)
        t.diagnostic(`${most.bytes}: ${most.names.join(' > ')}`)
        assert.ok(most.bytes <= STACK_BYTES, `${most.bytes} octets of stack: ${most.names.join(' > ')}`)
        const longest = deepest(functions, name, ({ names }) => names.length)
        assert.ok(longest.names.length <= FRAMES, `${longest.names.length} frames: ${longest.names.join(' > ')}`)
      })
    }
  }
})
