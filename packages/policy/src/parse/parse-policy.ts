import type { Layer, Policy } from '../policy.ts'
import { quote } from './describe.ts'
import { readLayer } from './layer.ts'
import type { KnownNames } from './known-names.ts'
import { nearest } from './nearest.ts'
import { MAX_PROBLEMS, reportInto, type Finding, type ParseResult, type Path, type Problem } from './problem.ts'
import { readYaml, type Place } from './read-yaml.ts'

/** One policy file, YAML or JSON. All that is wrong with it is reported, up to a hundred problems. */
export function parsePolicy(
  text: string,
  options: { readonly file: string; readonly known?: KnownNames },
): ParseResult<Layer> {
  const { file, known = {} } = options
  const source = readYaml(text)
  const problems: Problem[] = source.problems.map(({ finding, place }) => toProblem(finding, file, place))
  if (source.value === undefined) return { ok: false, problems: inOrder(problems) }
  const warnings: Problem[] = []
  const write = (finding: Finding): Problem =>
    toProblem(finding, file, source.placeOf(finding.path, finding.at ?? 'value'))
  const positionOf = (path: Path) => ({ file, ...source.placeOf(path, 'value') })
  const layer = readLayer(source.value, {
    file,
    known,
    positionOf,
    report: reportInto(problems, write),
    warn: reportInto(warnings, write),
  })
  if (layer === null || problems.length > 0) return { ok: false, problems: inOrder(problems) }
  return { ok: true, value: layer, ...(warnings.length === 0 ? {} : { warnings: inOrder(warnings) }) }
}

/** Several files as layers, in the order given. */
export function parsePolicies(
  files: readonly { readonly file: string; readonly text: string }[],
  known: KnownNames = {},
): ParseResult<Policy> {
  const results = files.map(({ file, text }) => parsePolicy(text, { file, known }))
  const layers = results.flatMap((result) => (result.ok ? [result.value] : []))
  const problems = [
    ...results.flatMap((result) => (result.ok ? [] : result.problems)),
    ...duplicatesAcross(layers),
    ...(layers.length === files.length ? unknownTestRules(layers) : []),
  ].slice(0, MAX_PROBLEMS)
  if (problems.length > 0) return { ok: false, problems }
  if (layers.length === 0) return { ok: false, problems: [noPolicy()] }
  const warnings = results.flatMap((result) => (result.ok ? (result.warnings ?? []) : []))
  return { ok: true, value: { layers }, ...(warnings.length === 0 ? {} : { warnings }) }
}

/** Rule ids are cited without their layer, so they are unique over all layers; and so are the names of layers. */
function duplicatesAcross(layers: readonly Layer[]): Problem[] {
  const seen = new Map<string, Layer['rules'][number]>()
  return layers.flatMap((layer) =>
    layer.rules.flatMap((rule) => {
      const first = seen.get(rule.id)
      if (first === undefined) {
        seen.set(rule.id, rule)
        return []
      }
      const { file, line } = first.position
      const message = `the rule id ${quote(rule.id)} is already used in ${file}:${line}`
      const allowed = ['an id that no rule of any layer has']
      const finding: Finding = {
        code: 'duplicate-id',
        message,
        path: [],
        found: quote(rule.id),
        allowed,
        nearest: null,
      }
      return [toProblem(finding, layer.file, rule.position)]
    }),
  )
}

function unknownTestRules(layers: readonly Layer[]): Problem[] {
  const ids = new Set(layers.flatMap((layer) => layer.rules.map((rule) => rule.id)))
  return layers.flatMap((layer) =>
    layer.tests.flatMap((test) => {
      if (test.rule === null || ids.has(test.rule)) return []
      const message = `the test expects the rule ${quote(test.rule)}, which no layer has`
      const near = nearest(test.rule, ids)
      const finding: Finding = {
        code: 'undefined-name',
        message,
        path: [],
        found: quote(test.rule),
        allowed: ['the id of a rule'],
        nearest: near,
      }
      return [toProblem(finding, layer.file, test.position)]
    }),
  )
}

function noPolicy(): Problem {
  const message = 'there is no policy file'
  const finding: Finding = {
    code: 'empty',
    message,
    path: [],
    found: '',
    allowed: ['at least one file'],
    nearest: null,
  }
  return toProblem(finding, '', { line: 0, column: 0 })
}

function toProblem(finding: Finding, file: string, place: Place): Problem {
  const { code, message, path, found, allowed, nearest } = finding
  return { code, message, file, line: place.line, column: place.column, path, found, allowed, nearest }
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [`${problem.line}:${problem.column}:${problem.message}`, problem]))
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS)
}
