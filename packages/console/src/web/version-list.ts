/// <reference lib="dom" />
import { html, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get, post } from './api.ts'
import type { Column } from './data-table.ts'
import { time } from './format.ts'
import { PagedList } from './paged-list.ts'

type Version = {
  readonly version: number
  readonly author: string
  readonly reason: string
  readonly createdMs: number
  readonly mode: string
  readonly inForce: boolean
}

export function VersionList({
  mayEdit,
  act,
}: {
  readonly mayEdit: boolean
  readonly act: (work: Promise<unknown>, done: string) => void
}): VNode {
  const [diff, setDiff] = useState<{ readonly version: number; readonly text: string } | null>(null)
  const show = async (version: number): Promise<void> => {
    const { diff: text } = await get<{ diff: string }>(`/policy/versions/${version}`)
    setDiff({ version, text: text === '' ? 'The files are those of the version before; the mode is another.' : text })
  }
  const columns: readonly Column<Version>[] = [
    { title: 'Version', main: true, cell: ({ version, inForce }) => `${version}${inForce ? ' (in force)' : ''}` },
    { title: 'Applied', whole: true, cell: ({ createdMs }) => time(createdMs) },
    { title: 'By', cell: ({ author }) => author },
    { title: 'Mode', cell: ({ mode }) => (mode === 'enforce' ? 'enforces' : 'only watches') },
    { title: 'Reason', cell: ({ reason }) => reason },
    {
      title: 'Actions',
      cell: ({ version, inForce }) =>
        html`<button type="button" aria-label=${`Diff of version ${version}`} onClick=${() => void show(version)}>
            Diff
          </button>
          ${
            mayEdit && !inForce
              ? html`<button
                  type="button"
                  aria-label=${`Roll back to version ${version}`}
                  onClick=${() => act(post('/policy/rollback', { version }), `Version ${version} is in force again.`)}
                >
                  Roll back
                </button>`
              : null
          }`,
    },
  ]
  return html`<h2>Versions</h2>
    <${PagedList}
      path="/policy/versions"
      name="versions"
      caption="Versions, newest first"
      columns=${columns}
      events=${['policy']}
      empty="No policy was applied yet."
    />
    ${
      diff === null
        ? null
        : html`<section aria-label="Diff">
            <h3>Version ${diff.version}</h3>
            <pre class="diff" tabindex="0">${diff.text}</pre>
          </section>`
    }`
}
