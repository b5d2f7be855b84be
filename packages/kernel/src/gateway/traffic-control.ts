import { spawnSync } from 'node:child_process'
import { checked, libbpf } from '../libbpf.ts'
import { toolPath } from '../unprivileged/check-unprivileged.ts'
import { ip } from './network-interface.ts'

const BOTH = 3
const REPLACE = 1
const EEXIST = 17
/** Ours among the filters of an interface that is guarded. */
const HANDLE = 1
export const FILTER_PRIORITY = 0x5a11

/** `ingress`: what comes in by the interface; `egress`: what goes out. */
export type TrafficPoint = 'ingress' | 'egress'
const POINTS = { ingress: 1, egress: 2 } as const

/**
 * Attached by netlink, a program stays with its interface, whatever becomes of whoever attached it. One of ours that is
 * there is replaced, so that no packet passes between the two. Returns whether the interface had no clsact qdisc.
 */
export function attachTraffic(ifindex: number, point: TrafficPoint, program: number, handle: number = HANDLE): boolean {
  const at = POINTS[point]
  const made = Number(libbpf().tcHookCreate(hook(ifindex, at)))
  if (made !== -EEXIST) checked('make the clsact qdisc', made)
  checked(
    `attach to the ${point} of the interface`,
    libbpf().tcAttach(hook(ifindex, at), filter(program, REPLACE, handle)),
  )
  return made === 0
}

/** The qdisc goes too when it is ours; an interface that is gone has taken both with it. */
export function detachTraffic(ifindex: number, withQdisc: boolean, handle: number = HANDLE): void {
  for (const at of Object.values(POINTS)) libbpf().tcDetach(hook(ifindex, at), filter(0, 0, handle))
  if (withQdisc) libbpf().tcHookDestroy(hook(ifindex, BOTH))
}

/** Whether somebody's filter is at the clsact qdisc of an interface. */
export function hasTraffic(ifindex: number): boolean {
  const env = { ...process.env, PATH: toolPath() }
  const link = ip<{ readonly ifindex: number; readonly ifname: string }>('link', 'show').find(
    (each) => each.ifindex === ifindex,
  )
  return ['ingress', 'egress'].some((point) => {
    if (link === undefined) return false
    const { stdout } = spawnSync('tc', ['filter', 'show', 'dev', link.ifname, point], { encoding: 'utf8', env })
    return stdout.trim() !== ''
  })
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
function filter(program: number, flags: number, handle: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(32))
  view.setBigUint64(0, 32n, true)
  view.setInt32(8, program, true)
  view.setUint32(12, flags, true)
  view.setUint32(20, handle, true)
  view.setUint32(24, FILTER_PRIORITY, true)
  return new Uint8Array(view.buffer)
}
