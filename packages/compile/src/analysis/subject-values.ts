import { formatPrefix, lastAddress, parseAddress, type Address, type Prefix } from '@sallyport/net'
import type { AppPattern, Flow, PostureCondition, PostureValue, SubjectTerm } from '@sallyport/policy'
import { AnalysisTooLargeError } from './analysis-too-large.ts'
import { globTexts } from './glob-texts.ts'
import { memberSets } from './member-sets.ts'

/** A value of one variable, as facts and in words. */
export type Value = { readonly facts: Flow; readonly label: string }

const POSTURES_UP_TO = 4096

type Mentioned<K extends keyof SubjectTerm> = readonly NonNullable<SubjectTerm[K]>[number][]

/** Values of a subject fact that, between them, are in every class the policies can tell apart. */
export function subjectValues(key: keyof SubjectTerm, terms: readonly SubjectTerm[]): readonly Value[] {
  const mentioned = terms.flatMap((term): readonly unknown[] => term[key] ?? [])
  switch (key) {
    case 'user':
      return single('user', literals(mentioned))
    case 'device':
      return single('device', literals(mentioned))
    case 'unit':
      return single('unit', globTexts(literals(mentioned)))
    case 'container':
      return single('container', globTexts(literals(mentioned)))
    case 'group':
      return sets('groups', 'group', literals(mentioned))
    case 'tag':
      return sets('tags', 'tag', literals(mentioned))
    case 'app':
      return apps(mentioned as Mentioned<'app'>)
    case 'posture':
      return postures((mentioned as Mentioned<'posture'>).flat())
    case 'network':
      return networks(mentioned as Mentioned<'network'>)
  }
}

function literals(mentioned: readonly unknown[]): readonly string[] {
  return [...new Set(mentioned as readonly string[])]
}

function single(fact: 'user' | 'device' | 'unit' | 'container', values: readonly string[]): readonly Value[] {
  return [
    ...values.map((value) => ({ facts: { [fact]: value }, label: `${fact} ${value}` })),
    { facts: { [fact]: 'another' }, label: `any other ${fact}` },
    { facts: { [fact]: null }, label: `no ${fact}` },
  ]
}

function sets(fact: 'groups' | 'tags', word: string, members: readonly string[]): readonly Value[] {
  return memberSets(members).map((subset) => ({
    facts: { [fact]: subset },
    label: subset.length === 0 ? `no such ${word}` : `${word} ${subset.join(' and ')}`,
  }))
}

function apps(patterns: readonly AppPattern[]): readonly Value[] {
  const globs = patterns.flatMap((pattern) => (pattern.kind === 'path' ? [pattern.glob] : []))
  const hashes = patterns.flatMap((pattern) => (pattern.kind === 'sha256' ? [pattern.hex] : []))
  return [...new Set([...globTexts(globs), '/another/application']), null].flatMap((app) =>
    [...new Set(hashes), null].map((appSha256) => ({
      facts: { app, appSha256 },
      label: [
        app === null
          ? 'no application'
          : app === '/another/application'
            ? 'any other application'
            : `application ${app}`,
        ...(appSha256 === null ? [] : [`sha256:${appSha256}`]),
      ].join(' '),
    })),
  )
}

function postures(conditions: readonly PostureCondition[]): readonly Value[] {
  const byFact = Map.groupBy(conditions, ({ fact }) => fact)
  let choices: readonly Readonly<Record<string, PostureValue>>[] = [{}]
  for (const [fact, about] of byFact) {
    const values = [...new Set(about.flatMap(edges))]
    const grown = choices.flatMap((choice) => [choice, ...values.map((value) => ({ ...choice, [fact]: value }))])
    if (grown.length > POSTURES_UP_TO) throw new AnalysisTooLargeError(`${byFact.size} posture facts`)
    choices = grown
  }
  const known = choices.map((posture) => ({ facts: { posture }, label: `posture ${JSON.stringify(posture)}` }))
  return [...known, { facts: { posture: null }, label: 'no posture' }]
}

function edges(condition: PostureCondition): readonly PostureValue[] {
  switch (condition.kind) {
    case 'equals':
      return [condition.value]
    case 'at-most':
      return [condition.limit, condition.limit + 1]
    case 'version-at-least':
      return [condition.version]
  }
}

function networks(prefixes: readonly Prefix[]): readonly Value[] {
  const around = prefixes.flatMap((prefix) => [prefix.address, next(lastAddress(prefix))])
  const others = ['0.0.0.0', '::'].map((text) => parseAddress(text)!)
  return [
    ...prefixes.map((prefix) => ({ facts: { src: prefix.address }, label: `from ${formatPrefix(prefix)}` })),
    ...[...around, ...others].map((src) => ({ facts: { src }, label: 'from any other network' })),
    { facts: { src: null }, label: 'from no address' },
  ]
}

function next(address: Address): Address {
  const words = [...address.words] as [number, number, number, number]
  for (let at = 3; at >= 0; at--) {
    words[at as 0] = (words[at as 0] + 1) >>> 0
    if (words[at as 0] !== 0) break
  }
  return { words }
}
