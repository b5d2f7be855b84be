import { formatAddress, isIpv4, lastAddress, type Address } from '@sallyport/net'
import type { SqlParams } from '../engine/sql-engine.ts'
import type { Condition, FlowFilter } from './condition.ts'

export type SqlCondition = { readonly sql: string; readonly params: SqlParams }

/** The filter as a condition of SQL. Texts of the user are parameters, named after the prefix; the statement's own text is ours alone. */
export function filterSql(filter: FlowFilter, prefix = 'f'): SqlCondition {
  const params: { [name: string]: string | number } = {}
  const bind = (type: string, value: string | number): string => {
    const name = `${prefix}${Object.keys(params).length}`
    params[name] = value
    return `{${name}:${type}}`
  }
  const terms = filter.map(({ negated, anyOf }) => {
    const some = anyOf.map((condition) => `ifNull(${conditionSql(condition, bind)}, 0)`).join(' OR ')
    return negated ? `NOT (${some})` : `(${some})`
  })
  return { sql: terms.length === 0 ? '1' : terms.join(' AND '), params }
}

function conditionSql(condition: Condition, bind: (type: string, value: string | number) => string): string {
  switch (condition.kind) {
    case 'glob':
      return globSql(condition.column, condition.glob, bind)
    case 'domain': {
      const { kind, name } = condition.pattern
      const same = `has(names, ${bind('String', name)})`
      const below = `arrayExists(n -> endsWith(n, ${bind('String', `.${name}`)}), names)`
      return kind === 'name' ? same : kind === 'below' ? below : `(${same} OR ${below})`
    }
    case 'address': {
      const { column, prefix } = condition
      return `${column} BETWEEN ${bind('IPv6', ipv6Text(prefix.address))} AND ${bind('IPv6', ipv6Text(lastAddress(prefix)))}`
    }
    case 'port': {
      const { transports, first, last } = condition.range
      const some = transports.map((transport) => bind('String', transport)).join(', ')
      const any = first === 0 && last === 65535
      const within = any ? '' : ` AND port BETWEEN ${bind('UInt16', first)} AND ${bind('UInt16', last)}`
      return `(transport IN (${some})${within})`
    }
    case 'count':
      return `${condition.column} ${condition.compare} ${bind('UInt64', condition.value)}`
    case 'since':
      return `time >= fromUnixTimestamp64Milli(${bind('Int64', condition.timeMs)}, 'UTC')`
    case 'until':
      return `time < fromUnixTimestamp64Milli(${bind('Int64', condition.timeMs)}, 'UTC')`
  }
}

/** What stands before the first wildcard is said apart: an index can use it. */
function globSql(column: string, glob: string, bind: (type: string, value: string | number) => string): string {
  const wild = glob.search(/[*?]/)
  if (wild < 0) return `${column} = ${bind('String', glob)}`
  const match = `match(${column}, ${bind('String', globExpression(glob))})`
  return wild === 0 ? match : `(startsWith(${column}, ${bind('String', glob.slice(0, wild))}) AND ${match})`
}

/** The globs of the policy language for RE2. */
function globExpression(glob: string): string {
  const source = glob.replace(/\*\*|[*?]|[\\^$.|+()[\]{}]/g, (token) =>
    token === '**' ? '.*' : token === '*' ? '[^/]*' : token === '?' ? '[^/]' : `\\${token}`,
  )
  return `(?s)^${source}$`
}

function ipv6Text(address: Address): string {
  return isIpv4(address) ? `::ffff:${formatAddress(address)}` : formatAddress(address)
}
