/** Names of `enum limit` of bpf/limit.h, in its order. */
export const LIMITS = ['bytesOut', 'bytesIn', 'connections'] as const
export type LimitName = (typeof LIMITS)[number]

/** What all flows together may move that one rule lets through. */
export type RuleLimit = Readonly<
  Partial<Record<LimitName, { readonly amount: number; readonly perSeconds: number | null }>>
> & {
  /** Number of the rule in events. */
  readonly rule: number
  /** What is the same under another policy goes on with what it has used: the rule by its layer and id. */
  readonly owner: string
}

/** Of the kernel's records, which number it from 1. */
export function limitNumbered(number: number): LimitName | null {
  return LIMITS[number - 1] ?? null
}
