/// <reference lib="dom" />
import { html, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post, type User } from './api.ts'
import { count, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import { ChangesShown, type Simulation } from './changes-shown.ts'
import { RulesList } from './rules-list.ts'
import { Tabs } from './tabs.ts'
import { VersionList } from './version-list.ts'

type File = { readonly file: string; readonly text: string }
type Held = { readonly version: number | null; readonly mode: 'monitor' | 'enforce'; readonly files: readonly File[] }
type Status = {
  readonly policy: { readonly version: number | null; readonly mode: string; readonly confirmByMs: number | null }
}
type Place = { readonly file: string; readonly line: number; readonly column: number }
type Check = {
  readonly ok: boolean
  readonly problems: readonly (Place & { readonly message: string })[]
  readonly findings: readonly { readonly severity: string; readonly message: string; readonly position: Place | null }[]
  readonly tests: readonly { readonly passed: boolean; readonly position: Place; readonly explain: string }[]
}

const CHECK_MS = 400

const TABS: Readonly<Record<string, string>> = { edit: 'Edit', rules: 'Rules and their use' }

export function PolicyPage({ user, tab }: { readonly user: User; readonly tab: string }): VNode {
  const open = tab === 'rules' ? 'rules' : 'edit'
  return html`<h1>Policy</h1>
    <${Tabs} page="policy" label="Parts" tabs=${TABS} open=${open} />
    ${open === 'rules' ? html`<${RulesList} />` : html`<${PolicyEditor} user=${user} />`}`
}

/** From watching to enforcing: learn, edit, see what would change, apply on trial, keep or go back. */
function PolicyEditor({ user }: { readonly user: User }): VNode {
  const held = useLoaded('policy', () => get<Held>('/policy'), ['policy'])
  const status = useLoaded('status', () => get<Status>('/status'), ['policy'])
  const [files, setFiles] = useState<readonly File[]>([])
  const [check, setCheck] = useState<Check | null>(null)
  const [changes, setChanges] = useState<Simulation | null>(null)
  const [failed, setFailed] = useState<Error | null>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (held.data !== null) setFiles(held.data.files)
  }, [held.data])
  useEffect(() => {
    if (files.length === 0) return
    const due = window.setTimeout(
      () => void post<Check>('/policy/check', { files }).then(setCheck, setFailed),
      CHECK_MS,
    )
    return () => window.clearTimeout(due)
  }, [files])
  const act = (work: Promise<unknown>, done: string): void =>
    void work.then(() => {
      setFailed(null)
      setSaid(done)
      held.again()
      status.again()
    }, setFailed)
  const learn = async (): Promise<void> => {
    const learned = await post<{ text: string; covered: number; leftOut: unknown[] }>('/policy/learn', { since: '30d' })
    setFiles([{ file: 'learned.yaml', text: learned.text }])
    setSaid(
      `Learned from ${count(learned.covered)} flows; ${learned.leftOut.length} groups were left out as suspicious.`,
    )
  }
  const edit = (file: string, text: string): void => {
    setChanges(null)
    setFiles(files.map((each) => (each.file === file ? { file, text } : each)))
  }
  const simulate = (): void =>
    void post<Simulation>('/policy/simulate', { files, since: '30d' }).then(setChanges, setFailed)
  const apply = (mode: string, confirmSeconds: number | null, done: string): void =>
    act(post('/policy/apply', { files, mode, confirmSeconds, reason: 'console' }), done)
  const mayEdit = user.role === 'editor' || user.role === 'admin'
  return html`<${Problem} error=${failed ?? held.error ?? status.error} />
    <p role="status" class="said">${said}</p>
    ${status.data === null ? null : html`<${InForce} status=${status.data} mayEdit=${mayEdit} act=${act} />`}
    ${files.map(({ file, text }) => html`<${Editor} key=${file} file=${file} text=${text} mayEdit=${mayEdit} check=${check} onEdit=${edit} />`)}
    <${Results} check=${check} />
    <p class="actions">
      <button type="button" onClick=${() => void learn().catch(setFailed)}>Learn from the last 30 days</button>
      <button type="button" onClick=${simulate} disabled=${check?.ok !== true}>What would this change?</button>
      ${
        mayEdit
          ? html`<button
                type="button"
                disabled=${check?.ok !== true}
                onClick=${() => apply('monitor', null, 'Applied; it only watches.')}
              >
                Apply, only watch
              </button>
              <button
                type="button"
                class="main"
                disabled=${check?.ok !== true}
                onClick=${() => apply('enforce', 60, 'In force on trial: confirm within a minute, or the policy before comes back.')}
              >
                Enforce on trial for a minute
              </button>`
          : null
      }
    </p>
    ${changes === null ? null : html`<${ChangesShown} simulation=${changes} />`}
    <${VersionList} mayEdit=${mayEdit} act=${act} />`
}

function InForce({
  status,
  mayEdit,
  act,
}: {
  readonly status: Status
  readonly mayEdit: boolean
  readonly act: (work: Promise<unknown>, done: string) => void
}): VNode {
  const { version, mode, confirmByMs } = status.policy
  return html`<div class="in-force">
    <p>
      ${version === null ? 'No policy was applied' : `Version ${version} is in force`}; it
      ${mode === 'enforce' ? 'enforces' : 'only watches'}.
    </p>
    ${
      confirmByMs === null
        ? null
        : html`<p class="watch">
            On trial until ${time(confirmByMs)}.
            ${
              mayEdit
                ? html`<button
                    type="button"
                    class="main"
                    onClick=${() => act(post('/policy/confirm'), 'Confirmed; it stays.')}
                  >
                    Confirm
                  </button>`
                : null
            }
          </p>`
    }
    ${
      mayEdit && version !== null
        ? html`<button
            type="button"
            onClick=${() => act(post('/policy/rollback', { version: null }), 'The policy before is in force again.')}
          >
            Roll back
          </button>`
        : null
    }
  </div>`
}

function Editor(props: {
  readonly file: string
  readonly text: string
  readonly mayEdit: boolean
  readonly check: Check | null
  readonly onEdit: (file: string, text: string) => void
}): VNode {
  const { file, text, mayEdit, check, onEdit } = props
  const problems = check?.problems.filter((problem) => problem.file === file) ?? []
  const id = `editor-${file}`
  return html`<div class="editor">
    <label for=${id}>${file}</label>
    <textarea
      id=${id}
      rows=${Math.min(40, Math.max(12, text.split('\n').length + 1))}
      spellcheck="false"
      autocomplete="off"
      readonly=${!mayEdit}
      aria-invalid=${problems.length > 0 ? 'true' : 'false'}
      aria-describedby=${`${id}-problems`}
      onInput=${(event: Event) => onEdit(file, (event.target as HTMLTextAreaElement).value)}
      value=${text}
    ></textarea>
    <ul id=${`${id}-problems`} class="problems" aria-live="polite">
      ${problems.map((problem) => html`<li><button type="button" class="place" onClick=${() => goTo(id, problem)}>${problem.line}:${problem.column}</button> ${problem.message}</li>`)}
    </ul>
  </div>`
}

/** Puts the cursor where the problem is. */
function goTo(id: string, { line, column }: Place): void {
  const area = document.getElementById(id) as HTMLTextAreaElement | null
  if (area === null) return
  const before = area.value.split('\n').slice(0, line - 1)
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1
  area.focus()
  area.setSelectionRange(at, at)
}

function Results({ check }: { readonly check: Check | null }): VNode | null {
  if (check === null || check.problems.length > 0) return null
  const failed = check.tests.filter(({ passed }) => !passed)
  return html`<ul class="problems" aria-label="Findings">
    ${check.findings.map(({ severity, message, position }) => html`<li>${severity}: ${position === null ? '' : `${position.line}:${position.column} `}${message}</li>`)}
    ${failed.map(({ position, explain }) => html`<li>test failed: ${position.line}:${position.column} ${explain}</li>`)}
    ${check.tests.length > 0 && failed.length === 0 ? html`<li class="allow">${check.tests.length} tests passed</li>` : null}
  </ul>`
}
