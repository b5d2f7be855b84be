import type { Outcome } from '@sallyport/policy'
import type { ItemRange } from '../diagram/diagram.ts'
import type { State } from './region-state.ts'
import type { Track } from './track.ts'
import type { ClassValue } from './value-space.ts'

export type RegionQuery = {
  readonly tracks: readonly Track[]
  /** Values outside are not looked at. */
  readonly includes?: (variable: number, value: ClassValue) => boolean
  /** Only flows for which, under one of their names, each of these items of a track may hold. */
  readonly focuses?: readonly Focus[]
  readonly budget?: WalkBudget
  /** Only flows with one name, which is enough to show how most flows end. */
  readonly oneName?: boolean
  /** Whether nothing selected can follow, told from the nodes alone: for each track one for each name. */
  readonly barren?: (nodes: State['nodes']) => boolean
  /** Whether flows that end so belong to the answer; `outcomes` holds one for each track. */
  readonly selects: (outcomes: readonly Outcome[]) => boolean
  readonly limit: number
}

export type Focus = { readonly track: number; readonly items: ItemRange }

/** How many nodes may still be visited; several walks may share one. */
export type WalkBudget = { visits: number }
