/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { Check } from './use-draft.ts'

/** What else there is to say of a policy without errors: findings, and its own tests. */
export function CheckResults({ check }: { readonly check: Check | null }): VNode | null {
  if (check === null || check.problems.length > 0) return null
  const failed = check.tests.filter(({ passed }) => !passed)
  return html`<ul class="problems" aria-label="Findings">
    ${check.findings.map(({ severity, message, position }) => html`<li>${severity}: ${position === null ? '' : `${position.line}:${position.column} `}${message}</li>`)}
    ${failed.map(({ position, explain }) => html`<li>test failed: ${position.line}:${position.column} ${explain}</li>`)}
    ${check.tests.length > 0 && failed.length === 0 ? html`<li class="allow">${check.tests.length === 1 ? 'The test of the policy passed' : `All ${check.tests.length} tests of the policy passed`}</li>` : null}
  </ul>`
}
