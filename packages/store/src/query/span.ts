import type { FilterTerm, FlowFilter } from '../filter/condition.ts'
import { columnsOf } from '../filter/filter-columns.ts'

export const HOUR_S = 3600
export const DAY_S = 86_400
/** Where ClickHouse's DateTime ends. */
const END_S = 2 ** 32

/** From, and before. */
export type Span = { readonly sinceMs: number; readonly untilMs: number }

export const isTime = ({ anyOf }: FilterTerm): boolean => anyOf.some(({ kind }) => kind === 'since' || kind === 'until')

/** Whether its times, if any, are one span. */
export function isOneSpan(filter: FlowFilter): boolean {
  return filter.every((term) => !isTime(term) || (!term.negated && term.anyOf.length === 1))
}

/** No flow outside is one that the filter leaves. */
export function spanOf(filter: FlowFilter): Span {
  const times = (kind: 'since' | 'until'): readonly number[] =>
    filter.flatMap(({ negated, anyOf }) =>
      negated ? [] : anyOf.flatMap((each) => (each.kind === kind ? each.timeMs : [])),
    )
  const [since, until] = [times('since'), times('until')]
  return {
    sinceMs: since.length === 0 ? 0 : Math.min(...since),
    untilMs: until.length === 0 ? Infinity : Math.max(...until),
  }
}

/** The first whole hour or day, say, of the filter's span, and the first after it that is not whole. Unix time. */
export function wholeSteps(filter: FlowFilter, stepS: number): { readonly from: number; readonly to: number } {
  const { sinceMs, untilMs } = spanOf(filter)
  const most = Math.floor(END_S / stepS - 1)
  const from = Math.min(most, Math.ceil(Math.max(0, sinceMs) / 1000 / stepS)) * stepS
  return { from, to: Math.max(from, Math.min(most, Math.floor(untilMs / 1000 / stepS)) * stepS) }
}

export function untimed(filter: FlowFilter): FlowFilter {
  return filter.filter((term) => !isTime(term))
}

/** Beside its times. */
export function columnsAsked(filter: FlowFilter): readonly string[] {
  return untimed(filter).flatMap(({ anyOf }) => anyOf.flatMap(columnsOf))
}
