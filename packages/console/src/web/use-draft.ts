/// <reference lib="dom" />
import { useEffect, useState } from 'htm/preact/standalone'
import { post } from './api.ts'
import type { Simulation } from './changes-shown.ts'
import type { Diff } from './draft-diff.ts'
import type { Marked, Place } from './code-editor.ts'

export type PolicyFile = { readonly file: string; readonly text: string }
export type Check = {
  readonly ok: boolean
  readonly problems: readonly Marked[]
  readonly findings: readonly { readonly severity: string; readonly message: string; readonly position: Place | null }[]
  readonly tests: readonly { readonly passed: boolean; readonly position: Place; readonly explain: string }[]
}
type DraftState = {
  readonly check: Check | null
  readonly changes: Simulation | null
  readonly diff: Diff | null
  readonly failed: Error | null
}

const CHECK_MS = 400
/** The store is asked for all flows of a month: not at every key. */
const SIMULATE_MS = 900
const NOTHING: DraftState = { check: null, changes: null, diff: null, failed: null }

/** What is said of a policy that is being written: errors and tests soon, then how it differs and what it would change. */
export function useDraft(files: readonly PolicyFile[], held: readonly PolicyFile[] | null): DraftState {
  const [state, setState] = useState<DraftState>(NOTHING)
  useEffect(() => {
    if (files.length === 0) return undefined
    let isLatest = true
    const tell = (news: Partial<DraftState>): void => {
      if (isLatest) setState((before) => ({ ...before, failed: null, ...news }))
    }
    const failed = (error: Error): void => tell({ failed: error })
    const isHeld = JSON.stringify(files) === JSON.stringify(held)
    if (isHeld) tell({ changes: null, diff: null })
    let checked = Promise.resolve<Check | null>(null)
    const soon = window.setTimeout(
      () => {
        checked = post<Check>('/policy/check', { files }).then((check) => {
          tell({ check })
          return check
        })
        void checked.catch(failed)
      },
      isHeld ? 0 : CHECK_MS,
    )
    const later = window.setTimeout(async () => {
      const check = await checked.catch(() => null)
      if (check?.ok !== true || isHeld || !isLatest) return
      const [diff, changes] = [
        post<Diff>('/policy/diff', { files }),
        post<Simulation>('/policy/simulate', { files, since: '30d' }),
      ]
      void diff.then((found) => tell({ diff: found }), failed)
      void changes.then((found) => tell({ changes: found }), failed)
    }, SIMULATE_MS)
    return () => {
      isLatest = false
      window.clearTimeout(soon)
      window.clearTimeout(later)
    }
  }, [files, held])
  return state
}
