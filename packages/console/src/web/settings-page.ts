/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post, remove, type User } from './api.ts'
import { DataTable, type Column } from './data-table.ts'
import { time } from './format.ts'
import { HostFacts } from './host-facts.ts'
import { SecondFactor } from './second-factor.ts'
import { Problem, useLoaded } from './load.ts'

const ROLES = ['viewer', 'analyst', 'editor', 'admin']
type Account = User & { readonly createdMs: number }
/** The host, and, for administrators, the accounts. */
export function SettingsPage({ user }: { readonly user: User }): VNode {
  return html`<h1>Settings</h1>
    <${HostFacts} /><${SecondFactor} />
    ${user.role === 'admin' ? html`<${Accounts} user=${user} />` : html`<p class="empty">Accounts are for administrators.</p>`}`
}

function Accounts({ user }: { readonly user: User }): VNode {
  const { data, error, again } = useLoaded('users', () => get<{ users: Account[] }>('/users'))
  const [failed, setFailed] = useState<Error | null>(null)
  const act = (work: Promise<unknown>): Promise<void> =>
    work.then(() => {
      setFailed(null)
      again()
    }, setFailed)
  const add = (event: Event): void => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    void act(post('/users', Object.fromEntries(new FormData(form))).then(() => form.reset()))
  }
  const columns: readonly Column<Account>[] = [
    { title: 'Name', main: true, cell: ({ name }) => name },
    { title: 'Role', cell: ({ role }) => role },
    { title: 'Made', whole: true, cell: ({ createdMs }) => time(createdMs) },
    {
      title: 'Actions',
      cell: ({ name }) =>
        name === user.name
          ? 'you'
          : html`<button
              type="button"
              aria-label=${`Remove ${name}`}
              onClick=${() => void act(remove(`/users/${encodeURIComponent(name)}`))}
            >
              Remove
            </button>`,
    },
  ]
  return html`<section>
    <h2>Accounts</h2>
    <${Problem} error=${failed ?? error} />
    ${data === null ? null : html`<${DataTable} caption="Accounts" columns=${columns} rows=${data.users} empty="" />`}
    <form class="fields" onSubmit=${add}>
      <label>Name <input name="name" required autocomplete="off" /></label>
      <label
        >Password <input name="password" type="password" required minlength="12" autocomplete="new-password"
      /></label>
      <label
        >Role
        <select name="role">
          ${ROLES.map((role) => html`<option value=${role}>${role}</option>`)}
        </select></label
      >
      <button>Add the account</button>
    </form>
  </section>`
}
