/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import type { User } from './api.ts'

/** `rest` is what follows the page's name in the address. */
export type View = (props: { readonly rest: string; readonly user: User }) => VNode

/** Every page but the first, which would wait for them. */
export const LATER: Readonly<Record<string, () => Promise<View>>> = {
  flows: async () => {
    const { FlowsPage } = await import('./flows-page.ts')
    return ({ rest, user }) => html`<${FlowsPage} key=${rest} filter=${rest} user=${user} />`
  },
  destinations: async () => {
    const { DestinationsPage } = await import('./destinations-page.ts')
    return ({ rest }) => html`<${DestinationsPage} tab=${rest} />`
  },
  applications: async () => {
    const { ApplicationsPage } = await import('./applications-page.ts')
    return ({ rest }) => html`<${ApplicationsPage} tab=${rest} />`
  },
  dns: async () => {
    const { DnsPage } = await import('./dns-page.ts')
    return ({ rest }) => html`<${DnsPage} tab=${rest} />`
  },
  policy: async () => {
    const { PolicyPage } = await import('./policy-page.ts')
    return ({ rest, user }) => html`<${PolicyPage} user=${user} tab=${rest} />`
  },
  alerts: async () => {
    const { AlertsPage } = await import('./alerts-page.ts')
    return ({ rest, user }) => html`<${AlertsPage} user=${user} wanted=${rest} />`
  },
  feeds: async () => {
    const { FeedsPage } = await import('./feeds-page.ts')
    return ({ rest, user }) => html`<${FeedsPage} user=${user} name=${rest} />`
  },
  audit: async () => {
    const { AuditPage } = await import('./audit-page.ts')
    return ({ user }) => html`<${AuditPage} user=${user} />`
  },
  settings: async () => {
    const { SettingsPage } = await import('./settings-page.ts')
    return ({ user }) => html`<${SettingsPage} user=${user} />`
  },
}

/** A page that the address names; what it names may be anything. */
export function laterPage(name: string): (() => Promise<View>) | undefined {
  return Object.hasOwn(LATER, name) ? LATER[name] : undefined
}
