import type { Flow } from '@sallyport/policy'
import type { Judged, ProxyJudge } from './proxy-judge.ts'

const RANK: Readonly<Record<Judged['outcome'], number>> = { allow: 0, later: 1, deny: 2 }

/** Judges a request whose path servers read in two ways: it passes when it may pass by both. */
export function judgeBothWays(judge: ProxyJudge, otherPath: string): Pick<ProxyJudge, 'judge'> {
  return {
    judge: (flow: Flow, isLast: boolean) => {
      const one = judge.judge(flow, isLast)
      if (!flow.http || one.outcome === 'deny') return one
      const other = judge.judge({ ...flow, http: { ...flow.http, path: otherPath } }, isLast)
      return RANK[other.outcome] > RANK[one.outcome] ? other : one
    },
  }
}
