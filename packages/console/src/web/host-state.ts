/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { clock } from './format.ts'
import { useLoaded } from './load.ts'

type Status = { readonly policy: { readonly mode: string; readonly confirmByMs: number | null } }

/** Whether this host is only watched or guarded, on every page: what a number means depends on it. */
export function HostState(): VNode | null {
  const { data, error } = useLoaded('status', () => get<Status>('/status'), ['policy'])
  if (error !== null) return html`<a class="state deny" href="#/settings">does not answer</a>`
  if (data === null) return html`<span class="state"></span>`
  const { mode, confirmByMs } = data.policy
  if (confirmByMs !== null) return html`<a class="state deny" href="#/policy">on trial until ${clock(confirmByMs)}</a>`
  return mode === 'enforce'
    ? html`<a class="state allow" href="#/policy">enforces</a>`
    : html`<a class="state watch" href="#/policy">only watches</a>`
}
