/// <reference lib="dom" />
import { html, useEffect, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post, type User } from './api.ts'
import { count, time } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import { CheckResults } from './check-results.ts'
import { CodeEditor } from './code-editor.ts'
import { DraftDiff } from './draft-diff.ts'
import { keepDraft, keptDraft } from './kept-draft.ts'
import { useDraft, type PolicyFile } from './use-draft.ts'
import { ChangesShown } from './changes-shown.ts'
import { RulesList } from './rules-list.ts'
import { Tabs } from './tabs.ts'
import { VersionList } from './version-list.ts'

type Held = {
  readonly version: number | null
  readonly mode: 'monitor' | 'enforce'
  readonly files: readonly PolicyFile[]
}
type WantedRule = { readonly action: string; readonly destination: string }
type Status = {
  readonly policy: { readonly version: number | null; readonly mode: string; readonly confirmByMs: number | null }
}
type Act = (work: Promise<unknown>, done: string, keepsDraft?: boolean) => void
const TABS: Readonly<Record<string, string>> = { edit: 'Edit', rules: 'Rules and their use' }

export function PolicyPage({ user, tab }: { readonly user: User; readonly tab: string }): VNode {
  const [action, ...destination] = tab.split('/')
  const open = action === 'rules' ? 'rules' : 'edit'
  const wanted = action === 'allow' || action === 'deny' ? { action, destination: destination.join('/') } : null
  return html`<h1>Policy</h1>
    <${Tabs} page="policy" label="Parts" tabs=${TABS} open=${open} />
    ${open === 'rules' ? html`<${RulesList} />` : html`<${PolicyEditor} key=${tab} user=${user} wanted=${wanted} />`}`
}

/** From watching to enforcing: learn, edit, see what would change, apply on trial, keep or go back. */
function PolicyEditor({ user, wanted }: { readonly user: User; readonly wanted: WantedRule | null }): VNode {
  const held = useLoaded('policy', () => get<Held>('/policy'), ['policy'])
  const status = useLoaded('status', () => get<Status>('/status'), ['policy'])
  const [files, setFiles] = useState<readonly PolicyFile[]>([])
  const draft = useDraft(files, held.data?.files ?? null)
  const { check, changes, diff } = draft
  const [failed, setFailed] = useState<Error | null>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (held.data === null) return
    const begun = keptDraft() ?? held.data.files
    setFiles(begun)
    if (wanted !== null) void addRule(begun, wanted)
  }, [held.data])
  const write = (next: readonly PolicyFile[] | null): void => {
    keepDraft(next)
    setFiles(next ?? held.data?.files ?? [])
  }
  const act: Act = (work, done, keepsDraft = false) =>
    void work.then(() => {
      if (!keepsDraft) keepDraft(null)
      setFailed(null)
      setSaid(done)
      held.again()
      status.again()
    }, setFailed)
  const addRule = async (before: readonly PolicyFile[], rule: WantedRule): Promise<void> => {
    try {
      const drafted = await post<{ files: PolicyFile[]; rule: string }>('/policy/rule', { files: before, ...rule })
      write(drafted.files)
      setSaid(`The rule ${drafted.rule} stands first in this draft. Nothing is applied yet.`)
      // Once: not again when the policy in force changes.
      history.replaceState(null, '', '#/policy')
    } catch (error) {
      setFailed(error as Error)
    }
  }
  const learn = async (): Promise<void> => {
    const learned = await post<{ text: string; covered: number; leftOut: unknown[] }>('/policy/learn', { since: '30d' })
    write([{ file: 'learned.yaml', text: learned.text }])
    setSaid(
      `Learned from ${count(learned.covered)} flows; ${learned.leftOut.length} groups were left out as suspicious.`,
    )
  }
  const edit = (file: string, text: string): void =>
    write(files.map((each) => (each.file === file ? { file, text } : each)))
  const apply = (mode: string, confirmSeconds: number | null, done: string): void =>
    act(post('/policy/apply', { files, mode, confirmSeconds, reason: 'console' }), done)
  const mayEdit = user.role === 'editor' || user.role === 'admin'
  const isSound = check?.ok === true
  const isDraft = held.data !== null && JSON.stringify(files) !== JSON.stringify(held.data.files)
  return html`<${Problem} error=${failed ?? draft.failed ?? held.error ?? status.error} />
    <p role="status" class="said">${said}</p>
    ${status.data === null ? null : html`<${InForce} status=${status.data} mayEdit=${mayEdit} act=${act} />`}
    ${files.map(({ file, text }) => html`<${CodeEditor} key=${file} file=${file} text=${text} mayEdit=${mayEdit} problems=${check?.problems.filter((problem) => problem.file === file) ?? []} onEdit=${(next: string) => edit(file, next)} />`)}
    <${CheckResults} check=${check} />
    <p class="actions">
      <button type="button" onClick=${() => void learn().catch(setFailed)}>Learn from the last 30 days</button>
      ${
        mayEdit
          ? html`<button
                type="button"
                disabled=${!isSound}
                onClick=${() => apply('monitor', null, 'Applied; it only watches.')}
              >
                Apply, only watch
              </button>
              <button
                type="button"
                class="main"
                disabled=${!isSound}
                onClick=${() => apply('enforce', 60, 'In force on trial: confirm within a minute, or the policy before comes back.')}
              >
                Enforce on trial for a minute
              </button>`
          : null
      }
      ${
        isDraft
          ? html`<button type="button" onClick=${() => write(null)}>Discard the draft</button>
              <span class="small">Not in force. The draft stays while this tab is open.</span>`
          : null
      }
    </p>
    ${diff === null ? null : html`<${DraftDiff} diff=${diff} />`}
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
  readonly act: Act
}): VNode {
  const { version, mode, confirmByMs } = status.policy
  return html`<div class="in-force">
    <p>
      ${version === null ? 'No policy was applied' : `Version ${version} is in force`};${' '}
      ${mode === 'enforce' ? 'it enforces' : 'it only watches'}.
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
                    onClick=${() => act(post('/policy/confirm'), 'Confirmed; it stays.', true)}
                  >
                    Confirm
                  </button>`
                : null
            }
          </p>`
    }
    ${
      mayEdit && version !== null && version > 1
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
