import { parseFilter } from '@sallyport/store'
import * as z from 'zod'
import { RuleUseAnswer } from './answers/policy-answers.ts'
import { listRoute } from './list/list-route.ts'
import { containing, pageOf } from './list/page-of.ts'
import { Search } from './list/search.ts'
import { policyInForce } from './policy-in-force.ts'
import type { Route } from './route.ts'
import { ruleUse } from './rule-use.ts'
import { Since } from './since.ts'

const MAX_RULES = 10_000

export const RULE_ROUTES: readonly Route[] = [
  listRoute({
    path: '/rules',
    role: 'viewer',
    summary: 'The rules of the policy in force, how many flows each decided, and which decided none',
    name: 'rules',
    row: RuleUseAnswer,
    columns: ['rule', 'layer', 'action', 'use', 'flows', 'denied', 'lastSeen', 'until', 'reason', 'line'],
    query: { since: Since, search: Search, use: z.enum(['used', 'unused', 'gone']).optional() },
    live: ['stored', 'policy'],
    isSum: true,
    page: async ({ since, search, use }, at, { flows, state, nowMs }) => {
      const policy = (await policyInForce(state)) ?? { layers: [] }
      const counted = await flows.top('rule', parseFilter([`since:${since}`], nowMs()), MAX_RULES)
      const rows = ruleUse(policy, counted).filter((row) => use === undefined || row.use === use)
      return pageOf(containing(rows, search), at)
    },
  }),
]
