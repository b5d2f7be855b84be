import { lookup, update, word } from '../bpf-map.ts'
import { checked, libbpf } from '../libbpf.ts'

/** Ethernet's least frame: the program is one for packets, and looks at none. */
const FRAME = new Uint8Array(60)
const SWEEP_BYTES = 24
const MISSED = 12

export type Sweep = {
  /** Flows that go on. */
  readonly open: number
  /** Some that have ended found no room in the ring, and wait there. */
  readonly isFull: boolean
}

/** Runs `sweep` of bpf/sweep.h: flows that were silent for long, or all of them, are told as ended. `missed` is kept there. */
export function sweepFlows(
  program: number,
  argument: number,
  { all, missed }: { readonly all: boolean; readonly missed: number },
): Sweep {
  const request = new Uint8Array(SWEEP_BYTES)
  request[0] = all ? 1 : 0
  new DataView(request.buffer).setUint32(MISSED, missed, true)
  update(argument, word(0), request)
  checked('look through the flows', libbpf().testRun(program, { sz: 80, data_in: FRAME, data_size_in: 60, repeat: 1 }))
  const found = lookup(argument, word(0), SWEEP_BYTES)!
  const view = new DataView(found.buffer)
  return { open: view.getUint32(4, true), isFull: view.getUint32(8, true) !== 0 }
}

/** As the sweep before said, of whatever process. */
export function missedBefore(argument: number): number {
  return new DataView(lookup(argument, word(0), SWEEP_BYTES)!.buffer).getUint32(MISSED, true)
}
