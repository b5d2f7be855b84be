/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { post } from './api.ts'
import { Problem } from './load.ts'

/** Words for what the server gives as a reason; whatever else a link says is not repeated. */
const REFUSALS: Readonly<Record<string, string>> = {
  unavailable: 'The identity provider does not answer. Local accounts can sign in.',
  'not-begun': 'This sign-in was not begun here, took too long, or was used already. Begin again.',
  refused: 'The identity provider refused.',
  invalid: 'The answer of the identity provider cannot be trusted. The audit log says why.',
  'no-role': 'None of your groups may use this console. Ask an administrator.',
  'no-name': 'The identity provider does not say a name that an account can have.',
  'name-taken': 'Another account has your name. Ask an administrator to remove it.',
}

/** The first account with the token of `sallyport up`, or a sign-in. */
export function SignIn({
  setup,
  token,
  oidc,
  refused,
  onDone,
}: {
  readonly setup: boolean
  readonly token: string
  readonly oidc: string | null
  readonly refused: string
  readonly onDone: () => void
}): VNode {
  const [failed, setFailed] = useState<Error | null>(null)
  const [needsCode, setNeedsCode] = useState(false)
  const [busy, setBusy] = useState(false)
  const submit = (event: Event): void => {
    event.preventDefault()
    setBusy(true)
    const fields = Object.fromEntries(new FormData(event.target as HTMLFormElement))
    const answered = ({ needs }: { readonly needs?: string }): void => {
      setFailed(null)
      if (needs === 'code') setNeedsCode(true)
      else onDone()
    }
    void post<{ readonly needs?: string }>(setup ? '/setup' : '/session', fields)
      .then(answered, setFailed)
      .finally(() => setBusy(false))
  }
  return html`<main class="sign-in" id="main">
    <h1>Sallyport</h1>
    <p>${setup ? 'Make the first account. It may do everything.' : 'What leaves this host, and what may.'}</p>
    ${refused === '' ? null : html`<p class="problem" role="alert">${REFUSALS[refused] ?? REFUSALS['invalid']}</p>`}
    <${Problem} error=${failed} />
    ${oidc === null ? null : html`<p><a class="main button" href="/api/v1/session/oidc">Sign in with ${oidc}</a></p>`}
    <form class="fields" onSubmit=${submit}>
      ${setup ? html`<label>Token that sallyport up printed <input name="token" required value=${token} autocomplete="off" /></label>` : null}
      <label>Name <input name="name" required autocomplete="username" /></label>
      <label
        >Password
        <input
          name="password"
          type="password"
          required
          minlength=${setup ? 12 : 1}
          autocomplete=${setup ? 'new-password' : 'current-password'}
      /></label>
      ${needsCode ? html`<label>Code of the authenticator <input name="code" required inputmode="numeric" pattern="[0-9]{6}" autocomplete="one-time-code" autofocus /></label>` : null}
      <button class="main" disabled=${busy}>${setup ? 'Make the account' : 'Sign in'}</button>
    </form>
  </main>`
}
