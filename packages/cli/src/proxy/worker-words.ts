import type { Endpoint, ProxyCounts, Spending } from '@sallyport/proxy'

/** What a worker says; the first word it ever says is `ready` or `failed`. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly remedy: string }
  | { readonly kind: 'counts'; readonly id: number; readonly counts: ProxyCounts }
  | { readonly kind: 'reloaded'; readonly problem: string | null }
  | { readonly kind: 'spend'; readonly id: number; readonly spending: Spending }

export type ToWorker =
  | { readonly kind: 'counts'; readonly id: number }
  | { readonly kind: 'reload' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'spent'; readonly id: number; readonly fits: boolean }
