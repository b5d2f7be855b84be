import type { FlowRecord } from '@sallyport/flow'
import { BinaryReader } from './binary-reader.ts'
import { COUNTERS, KNOWN_NONE, TEXTS, VERDICT } from './flow-rows.ts'

/** The record that `writeFlow` wrote; null for octets that it did not write. */
export function readFlow(bytes: Uint8Array): FlowRecord | null {
  const read = new BinaryReader(bytes)
  try {
    const time = new Date(Number(read.uint64())).toISOString()
    const id = read.uint64().toString(16).padStart(16, '0')
    const started = read.uint8()
    for (const _ of TEXTS) read.take(read.length())
    for (const _ of ['src', 'dst']) if (read.uint8() === 0) read.take(16)
    if (read.uint8() === 0) read.take(2)
    if (read.uint8() === 0) read.take(4)
    read.strings()
    read.take(read.length())
    const counters: { [counter: string]: number | null } = {}
    for (const counter of COUNTERS) {
      const kind = read.uint8()
      if (kind === 0) counters[counter] = Number(read.uint64())
      else if (kind === KNOWN_NONE) counters[counter] = null
    }
    const [verdict, rule, layer, mode, stage, reason, explain] = VERDICT.map(() => read.string())
    const parents = read.strings()
    const facts = JSON.parse(read.string()) as object
    return {
      time,
      ...facts,
      ...counters,
      ...(/^0+$/.test(id) ? {} : { id }),
      ...(started === 0 ? { ended: true as const } : {}),
      ...(parents.length > 0 ? { parents } : {}),
      verdict: {
        verdict,
        rule: rule === '' ? null : rule,
        layer,
        mode,
        stage,
        reason,
        explain,
      } as FlowRecord['verdict'],
    }
  } catch {
    return null
  }
}
