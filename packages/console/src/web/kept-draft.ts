/// <reference lib="dom" />
import type { PolicyFile } from './use-draft.ts'

const KEY = 'policy draft'

/** As long as the tab is there: who looks at flows while writing, or has to sign in again, finds the draft as it was. */
export function keepDraft(files: readonly PolicyFile[] | null): void {
  if (files === null) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, JSON.stringify(files))
}

export function keptDraft(): readonly PolicyFile[] | null {
  return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as readonly PolicyFile[] | null
}
