import { isPrefix, parsePrefix } from '@sallyport/net'
import type { AppPattern, PostureCondition, SubjectTerm } from '../policy.ts'
import type { PostureInput, SubjectTermInput } from '../schema/input.ts'
import type { EntryReader } from './defined-sets.ts'
import { quote } from './describe.ts'
import { readPrefix } from './destination-terms.ts'
import { nearest } from './nearest.ts'
import { postureAlternatives } from './posture-conditions.ts'
import type { Path, Report } from './problem.ts'
import { entries, finding, readEach, undefinedName } from './scope.ts'

export type Postures = ReadonlyMap<string, readonly (readonly PostureCondition[])[]>

export function subjectReader(
  postures: Postures,
  report: Report,
  warn: Report,
): EntryReader<SubjectTermInput, SubjectTerm> {
  return {
    bare: (text, path, names) => bareSubject(text, path, names, report),
    keyed: (entry, path) => keyedSubject(entry, path, postures, report, warn),
  }
}

/** A bare string that is no defined name; nothing else is meant by it, so the error shows what could be. */
function bareSubject(text: string, path: Path, names: ReadonlySet<string>, report: Report): null {
  const hint = isPrefix(parsePrefix(text))
    ? `{ network: ${text} }`
    : text.startsWith('/') || text.startsWith('sha256:')
      ? `{ app: ${text} }`
      : text.includes('.service')
        ? `{ unit: ${text} }`
        : `{ user: ${text} }`
  report(() => {
    const allowed = ['a name defined under define.subjects', hint]
    const found = quote(text)
    return finding('undefined-name', path, `undefined subject ${found}`, {
      found,
      allowed,
      nearest: nearest(text, names),
    })
  })
  return null
}

function keyedSubject(
  entry: SubjectTermInput,
  path: Path,
  postures: Postures,
  report: Report,
  warn: Report,
): SubjectTerm | null {
  const at = (key: string): Path => [...path, key]
  const { app, posture, network, ...names } = entry
  const plain = Object.fromEntries(
    Object.entries(names).flatMap(([key, value]) => (value === undefined ? [] : [[key, [value].flat()]])),
  ) as Pick<SubjectTerm, 'user' | 'group' | 'unit' | 'container' | 'device' | 'tag'>
  const term: SubjectTerm = {
    ...plain,
    ...(app === undefined ? {} : { app: readEach(app, at('app'), (text, p) => readApp(text, p, report)) }),
    ...(posture === undefined ? {} : { posture: readPostures(posture, at('posture'), postures, report, warn) }),
    ...(network === undefined
      ? {}
      : { network: readEach(network, at('network'), (text, p) => readPrefix(text, p, report)) }),
  }
  if (Object.keys(term).length > 0) return term
  if (Object.values(entry).some((value) => value !== undefined)) return null
  report(
    finding('empty-list', path, 'a subject without keys would match everyone', { allowed: ['leaving `from` out'] }),
  )
  return null
}

function readPostures(
  posture: NonNullable<SubjectTermInput['posture']>,
  path: Path,
  postures: Postures,
  report: Report,
  warn: Report,
): readonly (readonly PostureCondition[])[] {
  return entries(posture, path).flatMap(([item, itemPath]) => {
    if (typeof item !== 'string') return postureAlternatives(item as PostureInput, itemPath, report, warn)
    const defined = postures.get(item)
    if (defined === undefined) undefinedName('postures', item, itemPath, postures.keys(), report)
    return defined ?? []
  })
}

function readApp(text: string, path: Path, report: Report): AppPattern | null {
  const digest = /^sha256:([0-9a-fA-F]{64})$/.exec(text)
  if (digest !== null) return { kind: 'sha256', hex: digest[1]!.toLowerCase() }
  if (text.startsWith('/')) return { kind: 'path', glob: text }
  const near = !text.startsWith('sha256:') && text.includes('/') ? `/${text.replace(/^\.*\/*/, '')}` : null
  const message = text.startsWith('sha256:')
    ? 'a SHA-256 has 64 hexadecimal digits'
    : 'an application is named by its absolute path'
  const allowed = ['/usr/bin/curl', '/opt/*/bin/agent', 'sha256:<64 hexadecimal digits>']
  report(finding('bad-app', path, message, { found: quote(text), allowed, nearest: near }))
  return null
}
