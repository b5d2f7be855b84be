import { checked, libbpf } from '../libbpf.ts'

const BOTH = 3
const REPLACE = 1
const EEXIST = 17
/** Ours among the filters of an interface. */
const HANDLE = 1
export const FILTER_PRIORITY = 0x5a11

/** `ingress`: what comes in by the interface; `egress`: what goes out. */
export type TrafficPoint = 'ingress' | 'egress'
const POINTS = { ingress: 1, egress: 2 } as const

/**
 * Attached by netlink, a program stays with its interface, whatever becomes of whoever attached it. One of ours that is
 * there is replaced, so that no packet passes between the two. Returns whether the interface had no clsact qdisc.
 */
export function attachTraffic(ifindex: number, point: TrafficPoint, program: number): boolean {
  const at = POINTS[point]
  const made = Number(libbpf().tcHookCreate(hook(ifindex, at)))
  if (made !== -EEXIST) checked('make the clsact qdisc', made)
  checked(`attach to the ${point} of the interface`, libbpf().tcAttach(hook(ifindex, at), filter(program, REPLACE)))
  return made === 0
}

/** The qdisc goes too when it is ours; an interface that is gone has taken both with it. */
export function detachTraffic(ifindex: number, withQdisc: boolean): void {
  for (const at of Object.values(POINTS)) libbpf().tcDetach(hook(ifindex, at), filter(0, 0))
  if (withQdisc) libbpf().tcHookDestroy(hook(ifindex, BOTH))
}

/** `struct bpf_tc_hook` */
function hook(ifindex: number, point: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(24))
  view.setBigUint64(0, 24n, true)
  view.setInt32(8, ifindex, true)
  view.setUint32(12, point, true)
  return new Uint8Array(view.buffer)
}

/** `struct bpf_tc_opts` */
function filter(program: number, flags: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(32))
  view.setBigUint64(0, 32n, true)
  view.setInt32(8, program, true)
  view.setUint32(12, flags, true)
  view.setUint32(20, HANDLE, true)
  view.setUint32(24, FILTER_PRIORITY, true)
  return new Uint8Array(view.buffer)
}
