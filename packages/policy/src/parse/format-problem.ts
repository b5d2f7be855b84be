import type { Problem } from './problem.ts'

const MAX_WIDTH = 120

/** An error as a person reads it: where, what, what is allowed, and, with the file's text, the line it stands on. */
export function formatProblem(problem: Problem, text?: string): string {
  const lines = [`${place(problem)}: ${problem.message}`]
  if (text !== undefined && problem.line > 0) lines.push(...sourceLines(problem, text))
  if (!problem.message.includes(problem.found)) lines.push(`  found: ${problem.found}`)
  if (problem.allowed.length > 0) lines.push(`  allowed: ${problem.allowed.join(', ')}`)
  if (problem.nearest !== null) lines.push(`  did you mean ${JSON.stringify(problem.nearest)}?`)
  return lines.join('\n')
}

function place(problem: Problem): string {
  if (problem.line > 0) return `${problem.file}:${problem.line}:${problem.column}`
  return [problem.file, formatPath(problem.path)].filter((part) => part !== '').join(': ')
}

export function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )
}

function sourceLines(problem: Problem, text: string): string[] {
  const line = lineAt(text.startsWith('\ufeff') ? text.slice(1) : text, problem.line)
  if (line === null) return []
  const start = problem.column > MAX_WIDTH ? problem.column - 20 : 0
  // eslint-disable-next-line no-control-regex
  const shown = line.slice(start, start + MAX_WIDTH).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, ' ')
  const gutter = String(problem.line)
  const indent = ' '.repeat(Math.max(0, problem.column - 1 - start))
  return [`  ${gutter} | ${shown}`, `  ${' '.repeat(gutter.length)} | ${indent}^`]
}

function lineAt(text: string, number: number): string | null {
  let start = 0
  for (let line = 1; line < number; line++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return null
    start = end + 1
  }
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '')
}
