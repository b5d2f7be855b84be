import { LineCounter, parseDocument, type Document } from 'yaml'
import type { Finding, Path } from './problem.ts'
import { YamlTree } from './yaml-tree.ts'

/** 64 MiB. Longer lists belong into feeds. */
export const MAX_POLICY_BYTES: number = 64 * 1024 * 1024

export type Place = { readonly line: number; readonly column: number }
export type Located = { readonly finding: Finding; readonly place: Place }

/** A text as a plain value, and where in the text each part of it stands. */
type YamlSource = {
  readonly value: unknown
  readonly problems: readonly Located[]
  readonly placeOf: (path: Path, at: 'key' | 'value') => Place
}

const START: Place = { line: 1, column: 1 }

export function readYaml(text: string): YamlSource {
  const refused = refusal(text)
  if (refused !== null) return unreadable([refused])
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  let document: Document.Parsed
  try {
    document = parseDocument(text.startsWith('\ufeff') ? text.slice(1) : text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    })
  } catch (error) {
    // The parser recurses; a nesting that exhausts the stack ends here, like any defect of it.
    if (error instanceof RangeError) return unreadable([located('too-deep', 'the nesting is too deep', START)])
    return unreadable([located('syntax', `not readable as YAML: ${String(error)}`, START)])
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return unreadable(faults.map((fault) => located('syntax', syntaxMessage(fault), place(fault.pos[0]))))
  }
  const tree = new YamlTree(document, place)
  if (tree.stopped) return unreadable(tree.problems)
  if (tree.value === null && tree.problems.length === 0)
    return unreadable([located('empty', 'the file has no policy in it', START)])
  return { value: tree.value, problems: tree.problems, placeOf: (path, at) => tree.placeOf(path, at) }
}

function refusal(text: string): Located | null {
  if (text.length > MAX_POLICY_BYTES) {
    return located('too-large', 'the file is larger than 64 MiB', START, ['at most 64 MiB; put long lists into feeds'])
  }
  // eslint-disable-next-line no-control-regex
  const binary = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/.exec(text)
  if (binary !== null) {
    const before = text.slice(0, binary.index)
    const line = before.split('\n').length
    const place = { line, column: binary.index - (before.lastIndexOf('\n') + 1) + 1 }
    return located('not-text', 'the file is not UTF-8 text', place, ['a YAML or JSON text file'])
  }
  return text.trim() === ''
    ? located('empty', 'the file is empty', START, ['a policy, which begins with `sallyport: 1`'])
    : null
}

function syntaxMessage(fault: { readonly code: string; readonly message: string }): string {
  if (fault.code === 'MULTIPLE_DOCS') return 'a second document begins here; a file holds one policy'
  return fault.message.split('\n')[0]!
}

function located(code: Finding['code'], message: string, place: Place, allowed: readonly string[] = []): Located {
  return { finding: { code, message, path: [], found: '', allowed, nearest: null }, place }
}

function unreadable(problems: readonly Located[]): YamlSource {
  return { value: undefined, problems, placeOf: () => START }
}
