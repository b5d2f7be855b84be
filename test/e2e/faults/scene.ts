import type { Load, Recorded } from '../guarded-host.ts'

/** What a scene saw; `faults` is what was reached and should not have been, or the other way round. */
export type Outcome = Load &
  Recorded & {
    readonly faults: readonly string[]
    /** Flows that nobody may know of in the end. */
    readonly mostLost: number
    readonly [more: string]: unknown
  }

/** What follows the seed is the scene's own: of `store-away` seconds and flows a second. */
export type Scene = (seed: number, ...more: number[]) => Promise<Outcome>
