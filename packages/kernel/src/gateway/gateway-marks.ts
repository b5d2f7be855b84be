/** Bits of bpf/ways.h. */
export const MARK_MASK = 0xf0000000
export const MARK = {
  pass: 0x50000000,
  refuse: 0x60000000,
  related: 0x70000000,
  names: 0x80000000,
  hold: 0x90000000,
} as const

/** As iptables writes it. */
export const HOLD_MATCH: string = [MARK.hold, MARK_MASK].map((bits) => `0x${bits.toString(16)}`).join('/')

/** The bits of others stay. */
export function marked(mark: number, as: keyof typeof MARK): number {
  return ((mark & ~MARK_MASK) | MARK[as]) >>> 0
}
