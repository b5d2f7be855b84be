/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post } from './api.ts'
import { Problem, useLoaded } from './load.ts'
import { QrCode } from './qr-code.ts'

type Factor = {
  readonly isSet: boolean
  readonly secret: string
  readonly uri: string
  readonly code: readonly string[]
}

/** A code of an authenticator beside the password, for who is signed in. */
export function SecondFactor(): VNode {
  const { data, error, again } = useLoaded('second-factor', () => get<Factor>('/session/second-factor'))
  const [failed, setFailed] = useState<Error | null>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const fields = Object.fromEntries(new FormData(form))
    const path = `/session/second-factor${data!.isSet ? '/end' : ''}`
    void post(path, data!.isSet ? fields : { ...fields, secret: data!.secret }).then(() => {
      setFailed(null)
      form.reset()
      again()
    }, setFailed)
  }
  if (data === null) return html`<${Problem} error=${error} />`
  return html`<section>
    <h2>Second factor</h2>
    <${Problem} error=${failed ?? error} />
    ${
      data.isSet
        ? html`<p>You sign in with your password and a code of your authenticator.</p>`
        : html`<p>You sign in with your password alone.</p>
            <details>
              <summary>Add a code to it</summary>
              <p>
                To add a code, let an authenticator see this picture, or put the secret${' '}<code>${data.secret}</code>
                into it (<a href=${data.uri}>open it there</a>), and give the code that it shows.
              </p>
              <${QrCode} rows=${data.code} label="The secret as a QR code, for an authenticator’s camera" /><${Given}
                isSet=${false}
                onSubmit=${submit}
              />
            </details>`
    }
    ${data.isSet ? html`<${Given} isSet=${true} onSubmit=${submit} />` : null}
  </section>`
}

function Given({ isSet, onSubmit }: { readonly isSet: boolean; readonly onSubmit: (event: Event) => void }): VNode {
  return html`<form class="fields" onSubmit=${onSubmit}>
    <label>Your password <input name="password" type="password" required autocomplete="current-password" /></label>
    ${isSet ? null : html`<label>Code <input name="code" required inputmode="numeric" pattern="[0-9]{6}" autocomplete="one-time-code" /></label>`}
    <button>${isSet ? 'End the second factor' : 'Use the second factor'}</button>
  </form>`
}
