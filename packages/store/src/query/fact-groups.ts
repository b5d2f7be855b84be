import { formatAddress, isIpv4, lastAddress, type Address } from '@sallyport/net'
import { IMPLICIT_RULES, METADATA_ADDRESSES } from '@sallyport/policy'
import type { ColumnValues, SqlEngine } from '../engine/sql-engine.ts'
import type { FlowFilter } from '../filter/condition.ts'
import { filterSql } from '../filter/filter-sql.ts'
import { COLUMN_FACTS } from '../ingest/known-facts.ts'
import { hasNames, keyFacts, listedFacts, otherKeys, type FactQuestion } from './fact-question.ts'

/** Groups, column by column. */
export type FactColumns = ColumnValues

/**
 * Flows that the question does not tell apart, grouped in the store by columns alone: the whole facts of a flow, most of its octets, are not
 * read. Null when there are more groups than that.
 */
export async function factGroups(
  engine: SqlEngine,
  filter: FlowFilter,
  question: FactQuestion,
  most: number,
): Promise<FactColumns | null> {
  const where = filterSql(filter)
  const keys = groupKeys(question)
  const listed = listedFacts(question).map(
    (fact) => `groupUniqArray(${Math.floor(question.listed)})(${fact}) AS ${fact}s`,
  )
  const columns = [
    ...keys.map(([name, sql]) => `${sql} AS ${name}`),
    ...listed,
    'sum(started) AS n',
    'toUnixTimestamp64Milli(min(time)) AS first',
    'toUnixTimestamp64Milli(max(time)) AS last',
  ]
  const read = await engine.queryColumns(
    `SELECT ${columns.join(', ')} FROM flows WHERE ${where.sql} GROUP BY ${keys.map(([name]) => name).join(', ')}
    LIMIT ${Math.floor(most) + 1}`,
    where.params,
  )
  return (read['n']?.length ?? 0) > most ? null : read
}

/** Named so that no alias is a column of the table: a condition on the column would mean the alias. */
function groupKeys(question: FactQuestion): readonly (readonly [name: string, sql: string])[] {
  const facts = keyFacts(question)
  const plain = facts.filter((fact) => fact !== 'dst' && fact !== 'domain' && fact !== 'boundNames')
  return [
    ['isKnown', knownSql(question)],
    ...plain.map((fact) => [`${fact}Key`, fact] as const),
    ...(hasNames(question) ? [['namesKey', 'names'] as const] : []),
    ['dstKey', facts.includes('dst') ? 'dst' : `if(${addressCounts(hasNames(question))}, dst, NULL)`],
    ...otherKeys(question).map((fact) => [`${fact}Key`, `JSONExtractRaw(otherFacts, '${fact}')`] as const),
    ['verdictKey', 'verdict'],
    ['modeKey', 'mode'],
    ...(question.byReason ? [['ruleKey', 'rule'] as const, ['reasonKey', 'reason'] as const] : []),
    ...(question.byMinute ? [['minute', 'toUnixTimestamp(toStartOfMinute(time))'] as const] : []),
  ]
}

/** What is known of each other fact is no difference. One function of a column of few texts: ClickHouse asks it once for each of them. */
function knownSql(question: FactQuestion): string {
  const kept = [
    ...keyFacts(question),
    ...listedFacts(question),
    'dst',
    ...(hasNames(question) ? ['domain', 'boundNames'] : []),
  ]
  const dropped = COLUMN_FACTS.filter((fact) => !kept.includes(fact))
  return dropped.length === 0 ? 'known' : `replaceRegexpAll(known, '(^| )[-+]?(${dropped.join('|')})\\\\b', '')`
}

/** Where no policy tells addresses apart, some do still: loopback and the like, and those that are all that is known of where a flow went. */
function addressCounts(named: boolean): string {
  const ranges = [
    ...IMPLICIT_RULES.flatMap(({ prefixes }) =>
      prefixes.map((prefix) => [prefix.address, lastAddress(prefix)] as const),
    ),
    ...METADATA_ADDRESSES.map((address) => [address, address] as const),
  ]
  const special = ranges.map(
    ([first, last]) => `dst BETWEEN toIPv6('${ipv6Text(first)}') AND toIPv6('${ipv6Text(last)}')`,
  )
  // A verified name that is none of the bound ones allows nothing: such a flow may have to be known by its address.
  const nameless = named
    ? [
        'empty(names)',
        `(known LIKE '%domain%' AND known NOT LIKE '%-domain%' AND known LIKE '%boundNames%' AND known NOT LIKE '%+boundNames%')`,
      ]
    : []
  return [...special, ...nameless].join(' OR ')
}

function ipv6Text(address: Address): string {
  return isIpv4(address) ? `::ffff:${formatAddress(address)}` : formatAddress(address)
}
