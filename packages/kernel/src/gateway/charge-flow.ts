import { update, word } from '../bpf-map.ts'
import { checked, libbpf } from '../libbpf.ts'
import { limitNumbered, type LimitName } from '../limits/rule-limit.ts'

export type AllowedFlow = {
  readonly generation: number
  /** One that has a limit. */
  readonly rule: number
  /** It was let through before, under another policy. */
  readonly isKnown: boolean
}

/** Ethernet's least frame: the program is one for packets, and looks at none. */
const FRAME = new Uint8Array(60)

/** Runs `charge` of bpf/charge.h: what the flow ran into, or null when it has been let begin. */
export function chargeFlow(
  program: number,
  argument: number,
  { generation, rule, octets, isKnown }: AllowedFlow & { readonly octets: number },
): LimitName | null {
  update(argument, word(0), new Uint8Array(Uint32Array.of(generation, rule, octets, isKnown ? 1 : 0).buffer))
  const options = { sz: 80, data_in: FRAME, data_size_in: FRAME.length, repeat: 1, retval: 0 }
  checked('charge a flow', libbpf().testRun(program, options))
  return options.retval === 0 ? null : (limitNumbered(options.retval) ?? 'bytesOut')
}
