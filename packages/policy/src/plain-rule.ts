import type { Rule } from './policy.ts'

/** What a rule is that says nothing but what it does: enforced, for anyone, to anywhere, at any time. */
export const PLAIN_RULE: Omit<Rule, 'id' | 'action' | 'position'> = {
  how: 'reject',
  mode: 'enforce',
  from: null,
  to: null,
  exceptFrom: [],
  exceptTo: [],
  ports: null,
  protocol: null,
  http: null,
  content: null,
  assurance: 'verified',
  when: null,
  untilMs: null,
  limit: null,
  alert: null,
  log: null,
  inspect: null,
  headers: null,
  ticket: null,
  reason: null,
}
