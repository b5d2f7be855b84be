import type { RecordedFacts } from './flow-rows.ts'

/** Facts that have a column of their own, in the order of the letters. */
export const COLUMN_FACTS = [
  'app',
  'asn',
  'boundNames',
  'container',
  'country',
  'device',
  'domain',
  'dst',
  'port',
  'protocol',
  'src',
  'transport',
  'unit',
  'user',
] as const
export type ColumnFact = (typeof COLUMN_FACTS)[number]

export const OTHER_FACTS = ['appSha256', 'content', 'groups', 'http', 'posture', 'tags'] as const
export type OtherFact = (typeof OTHER_FACTS)[number]

/** In place of what is known, where a column does not have what the record says: no policy can read such a flow. */
export const UNREADABLE = '?'

/**
 * Which facts are known: a word for each. Its value is in the fact's column; `-` before the word says that it is known to be none, and `+` before
 * the bound names that the verified name, the first of `names`, is one of them.
 */
export function knownFacts(record: RecordedFacts): string {
  let words = ''
  for (const fact of COLUMN_FACTS) {
    const value = record[fact]
    if (value === undefined) continue
    const mark = value === null ? '-' : fact === 'boundNames' && isOfBound(record) ? '+' : ''
    words += `${words === '' ? '' : ' '}${mark}${fact}`
  }
  return words
}

function isOfBound({ domain, boundNames }: RecordedFacts): boolean {
  return typeof domain === 'string' && (boundNames as readonly string[]).includes(domain)
}

/** Those without a column, as JSON; nothing where there are none. */
export function otherFacts({ appSha256, content, groups, http, posture, tags }: RecordedFacts): string {
  const text = JSON.stringify({ appSha256, content, groups, http, posture, tags })
  return text === '{}' ? '' : text
}

const others = OTHER_FACTS.map((fact) => `'${fact}'`).join(', ')
const isLost = ['asn', 'dst', 'port', 'src'].map((fact) => `(f.1 = '${fact}' AND ${fact} IS NULL)`).join(' OR ')

/** The same of rows that were stored without, from `facts`. Part of a migration: it stays as it is. */
export const KNOWN_SQL: string = `if(position(arrayStringConcat(arrayMap(f -> multiIf(f.2 = 'null', concat('-', f.1), ${isLost}, '${UNREADABLE}',
  f.1 = 'boundNames' AND JSONType(facts, 'domain') = 'String' AND length(names) <= JSONLength(facts, 'boundNames'), '+boundNames', f.1),
  arrayFilter(f -> f.1 NOT IN (${others}), JSONExtractKeysAndValuesRaw(facts) AS pairs)), ' ') AS words, '${UNREADABLE}') > 0
  OR (empty(pairs) AND facts != '{}'), '${UNREADABLE}', words)`
export const OTHER_FACTS_SQL: string = `if(empty(arrayFilter(f -> f.1 IN (${others}), JSONExtractKeysAndValuesRaw(facts)) AS kept), '',
  concat('{', arrayStringConcat(arrayMap(f -> concat('"', f.1, '":', f.2), kept), ','), '}'))`
