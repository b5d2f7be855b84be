import { findCgroupMount } from '@sallyport/kernel'
import { byMachine } from '../host/by-machine.ts'
import type { Guarding } from './guarding.ts'
import { HostGuard, type HostGuardOptions, type HostStatistics } from './host-guard.ts'

export type HostGuarding = Guarding & {
  /** Null while nothing is guarded. */
  readonly statistics: () => HostStatistics | null
}

/** The processes of a cgroup; null is the whole host. */
export function hostGuarding(
  cgroup: string | null,
  serviceFor: HostGuardOptions['serviceFor'],
  onNotice: (text: string) => void,
): HostGuarding {
  const cgroupPath = cgroup ?? findCgroupMount()
  let guard: HostGuard | null = null
  return {
    what: cgroupPath,
    statistics: () => guard?.statistics() ?? null,
    open: async (policy, world, onFlow) => {
      try {
        return (guard = await HostGuard.open({ cgroupPath, serviceFor, onFlow, onNotice }, policy, world))
      } catch (error) {
        throw byMachine(error)
      }
    },
  }
}
