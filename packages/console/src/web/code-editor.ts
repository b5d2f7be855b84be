/// <reference lib="dom" />
import { html, useEffect, useRef, useState } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { post } from './api.ts'

export type Place = { readonly file: string; readonly line: number; readonly column: number }
export type Marked = Place & { readonly message: string }
type Completion = { readonly from: number; readonly options: readonly string[] }
type Suggested = Completion & { readonly at: number; readonly chosen: number }

const COMPLETE_MS = 120

/** A file of the policy: problems beside their lines, and what may come next. Ctrl+Space asks for it at any place. */
export function CodeEditor(props: {
  readonly file: string
  readonly text: string
  readonly mayEdit: boolean
  readonly problems: readonly Marked[]
  readonly onEdit: (text: string) => void
}): VNode {
  const { file, text, mayEdit, problems, onEdit } = props
  const area = useRef<HTMLTextAreaElement | null>(null)
  const behind = useRef<HTMLPreElement | null>(null)
  const due = useRef(0)
  const [suggested, setSuggested] = useState<Suggested | null>(null)
  const id = `editor-${file}`
  useEffect(() => () => window.clearTimeout(due.current), [])
  const suggest = (asked: boolean): void => {
    window.clearTimeout(due.current)
    due.current = window.setTimeout(async () => {
      const { value, selectionStart: at } = area.current!
      const found = await post<Completion>('/policy/complete', { text: value, offset: at }).catch(() => null)
      const isLate = area.current?.selectionStart !== at
      const isOpen = found !== null && !isLate && found.options.length > 0 && (asked || found.from < at)
      setSuggested(isOpen ? { ...found, at, chosen: asked ? 0 : -1 } : null)
    }, COMPLETE_MS)
  }
  /** In the text area first: the next key may come before the page is drawn again, and belongs behind the option. */
  const accept = (option: string): void => {
    const { from, at } = suggested!
    setSuggested(null)
    area.current!.setRangeText(option, from, at, 'end')
    onEdit(area.current!.value)
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault()
      return suggest(true)
    }
    if (suggested === null) return undefined
    const next = moved(suggested, event.key)
    if (next === undefined) return undefined
    // Without a choice Enter and Tab are what they always are.
    if (typeof next === 'string') {
      event.preventDefault()
      return accept(next)
    }
    if (next !== null || event.key === 'Escape') event.preventDefault()
    return setSuggested(next)
  }
  const options = `${id}-options`
  return html`<div class="editor">
    <label for=${id}>${file}</label>
    <div class="code">
      <pre class="behind" ref=${behind} aria-hidden="true">${linesOf(text, problems)}</pre>
      <textarea
        id=${id}
        ref=${area}
        rows=${Math.min(40, Math.max(12, text.split('\n').length + 1))}
        spellcheck="false"
        autocomplete="off"
        autocapitalize="off"
        readonly=${!mayEdit}
        aria-invalid=${problems.length > 0 ? 'true' : 'false'}
        aria-describedby=${`${id}-problems`}
        aria-autocomplete="list"
        aria-controls=${suggested === null ? undefined : options}
        aria-activedescendant=${suggested !== null && suggested.chosen >= 0 ? `${options}-${suggested.chosen}` : undefined}
        onInput=${(event: Event) => {
          onEdit((event.target as HTMLTextAreaElement).value)
          suggest(false)
        }}
        onKeyDown=${onKey}
        onBlur=${() => setSuggested(null)}
        onScroll=${(event: Event) => {
          const { scrollTop, scrollLeft } = event.target as HTMLTextAreaElement
          behind.current!.scrollTop = scrollTop
          behind.current!.scrollLeft = scrollLeft
        }}
        value=${text}
      ></textarea>
      ${
        suggested === null
          ? null
          : html`<ul class="options" id=${options} role="listbox" aria-label="What may stand here">
              ${suggested.options.map(
                (option, index) =>
                  html`<li
                    id=${`${options}-${index}`}
                    role="option"
                    aria-selected=${index === suggested.chosen ? 'true' : 'false'}
                    onMouseDown=${(event: Event) => {
                      event.preventDefault()
                      accept(option)
                    }}
                  >
                    ${option}
                  </li>`,
              )}
            </ul>`
      }
    </div>
    <ul id=${`${id}-problems`} class="problems" aria-live="polite">
      ${problems.map((problem) => html`<li><button type="button" class="place" onClick=${() => goTo(area.current, problem)}>${problem.line}:${problem.column}</button> ${problem.message}</li>`)}
    </ul>
  </div>`
}

/** What a key does while options are shown: the option taken, the list after it, or undefined when it does nothing to them. */
function moved(suggested: Suggested, key: string): Suggested | string | null | undefined {
  const { options, chosen } = suggested
  switch (key) {
    case 'ArrowDown':
      return { ...suggested, chosen: (chosen + 1) % options.length }
    case 'ArrowUp':
      return { ...suggested, chosen: (chosen + options.length - (chosen < 0 ? 0 : 1)) % options.length }
    case 'Enter':
    case 'Tab':
      return options[chosen] ?? null
    case 'Escape':
    case 'ArrowLeft':
    case 'ArrowRight':
      return null
    default:
      return undefined
  }
}

/** The same text behind the one that is typed: only marks and messages are seen of it. */
function linesOf(text: string, problems: readonly Marked[]): readonly VNode[] {
  return text.split('\n').map((line, index) => {
    const here = problems.filter(({ line: at }) => at === index + 1)
    if (here.length === 0) return html`<span>${line}${'\n'}</span>`
    const from = Math.max(0, Math.min(here[0]!.column - 1, line.length))
    return html`<span class="marked"
      >${line.slice(0, from)}<mark>${line.slice(from) || ' '}</mark
      ><b> ◂ ${here[0]!.message.split('\n')[0]}</b>${'\n'}</span
    >`
  })
}

/** Puts the cursor where the problem is. */
function goTo(area: HTMLTextAreaElement | null, { line, column }: Place): void {
  if (area === null) return
  const before = area.value.split('\n').slice(0, line - 1)
  const at = before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1
  area.focus()
  area.setSelectionRange(at, at)
}
